# SPDX-License-Identifier: Apache-2.0
"""The reference model of people: profiles as facts, and everything that is shown as a fold of them.

names.py calls.py      words, normal forms, times; a call of the Segment specification read
facts.py               what is kept, who has it now: redirects, and the marks of devices
resolving.py           identify, track, page, screen, group, alias (R0-R5, R11)
by_hand.py merging.py  commands on one profile; merges, unmerge, conflicts, duplicates
folds.py picture.py    what a profile shows; the picture of all, and its canonical form
model.py reads.py      lines of text in, replies out
kinds.py world.py      random commands;  permutable.py  sets whose order must not matter
self_test.py           the model's own properties; rules_test.py: R0-R17 by example
differential.py        the model against a server; stub_server.py  one made of the model, on which
                       the scripts ../../scripts/people_*.script run too

Where the papers leave a choice, the model takes the simplest rule that does not depend on arrival
(R12) and lets a merge be undone (R10). These are the choices; an engine that differs is asked to
follow or to say why.

Devices
 D1 A mark is an identify (or an alias of an anonymous id) that also names a person or contact, at
    its time; a logout ends. track, page, screen and group never mark (T3): a device beside a person
    in them is not bound, and not made known. Ties of marks: by message id.
 D2 Of a call with devices only, the one of the highest rank vouches; the others are not bound.
 D3 A device names its last owner, whatever the time of the last mark; nobody behind a logout until
    something comes.
 D4 At the very time of a mark the new owner has the device.
 D5 The profile of an unclaimed gap becomes the person when the identify names nobody known (of
    several: R4); else it is merged into the person for good (R8). What came by the device follows
    late marks, its id does not. A late logout that cuts a gap leaves its profile with the earlier
    part, unless nothing is there; of a claimed gap it makes a new profile.
 D6 By hand is kept by hand: a merge, attach of an identity, split or detach that touches a visitor
    makes his gap his own (a mark at its beginning); no later identify claims it.
 D7 CREATE with a device alone makes the visitor of its gap; beside a person it marks.
 D8 Limits and caps do not count devices, and merges by devices are none of R11's hundred.
Who
 W1 A record's home is the home of the identity that led the call (highest rank known, else new); of
    a command on a profile the one that was named: by `p7`, p7, also when that is merged by now.
 W2 The guard drops the lowest rank of the command, even when another is at fault. A contact links
    nobody who is identified. Conflicts are warnings of the reply, and of kind `limit`, `two people`
    or `cap`. Only what is new to the profile can pass a limit.
 W3 `created_at`: the earliest time at which it was seen, or made by hand; before that has come, its
    receipt; of one from which all that says so went elsewhere: the time of the call that made it,
    or its receipt when that was earlier. `identified_at`: the earliest time at which an identity of
    kind person was said. `created_via` is who came first: not canonical.
 W4 Every identify is being seen, also one that changes nothing; commands by hand are not.
 W5 A message id of any call is kept: a repeat (same profile, type, id) attaches and merges nothing.
 W6 Of external ids joined by hand the survivor's own is the active one, else that of the first
    that was merged into it.
 W7 ALIAS of an external id is refused (a conflict, a warning) unless `authenticated`. `previousId`
    is an anonymous id when a device of that name is known, or no external id is.
Traits
 T1 Of equal time the greater value, none being the least; of equal values that of higher rank.
 T2 A time of the future orders a trait, it does not delay it.
 T3 An email or phone that came as an identity is the trait while nothing at all was written to it:
    the one said first. Not "when the profile has none", which depends on arrival.
 T4 A clear takes away what is not later, under every policy. earliest, max, min, sum, union,
    nonempty (neither "" nor []) look at the rest. primary: the latest of those that came by the
    highest rank (by hand: above all) - the survivor's would depend on who survives.
 T5 A value chosen by a merge by hand is a write of then; UNMERGE takes it back. Policies sum only
    numbers, union only lists.
 T7 An email or phone set by hand is also written to the trait, unless the trait is set with it.
 T6 Every write is in the history, also late ones and those that changed nothing; the same of one
    time, origin and value again is no other write, for sums neither.
Rest
 S1 Derived sessions: a silence of 30 minutes or more cuts, by identity of origin over all of a
    profile's events without a session. A session of the same id in a merged profile is one.
 S2 RETAIN of an event type hides what is as old as that or older.
 S3 What has not come yet is shown nowhere but in `moves` of a preview.
 L1 A label removed, or a consent without an address, on a profile is written for every home in it
    that has one, so that a merge unites (R7) and never widens (R6) and yet can be changed later;
    UNMERGE does not bring a removed label back.
 L2 Consent of equal time: the more guarded. An address is compared as text.
 L3 Notes and status are the home's and the survivor's. An archived survivor stays archived.
 E1 ERASE leaves the marks of the erased as logouts while the device has another owner.
 E2 SPLIT and DETACH take the records of every kind that have the identity as origin; of a device
    all that its owner had by it. KEEP and MOVE: from now on only.
 O1 Labels, channels, devices are shown in the order of code points, identities by rank.
 O2 A label with blanks stands in double quotes.
 V1 A version changes with what is shown of traits and of persons' and contacts' identities, with
    a merge (of a visitor too) and with a command by hand: what changes nothing shown is no edit;
    nor are events, sessions, being seen, marks of devices, logouts.
 V2 A limit of identities is LIMIT; another external id where one is, CONFLICT; `*` in the model
    stands for any code, where nothing is said.
 V3 Times of receipt ascend strictly, also within a batch: else MOVE and an event of one millisecond
    cannot be told apart by time.

Where the papers contradict each other
 C1 R7 "derived sessions are never re-cut by a merge" and R12: when both sides have events by one
    device, whether they were two when the events came is arrival. R12 wins here (S1).
 C2 PROTOCOL's `previousId` ("an anonymous_id, else an external_id") and R12: which it is depends on
    what came first. Kept, and left out of the permutable sets.
 C3 R2's "drop, and record a conflict" cannot be order-free; so R12 holds where no guard speaks.
 C4 P15's repeats (same profile) and R12: an id sent by two profiles that merge later is one event
    for good, the survivor's; so is what one identity said of a trait at one time, of two profiles
    (after KEEP). Left out of the permutable sets.
 C5 R6 and R12: decisions without an address, of two profiles that merge, depend on whether they
    were one. Addresses are in the permutable sets.
 C6 engine/README "email becomes the trait when the profile has none" and R12: see T3.
 C7 R4 "the lower id" and `primary`, `created_via`: see W3, T4.
 C8 R10 and R3: unmerging a claimed visitor against the marks: the gap in which he came is his own
    from then on, what came by the device at other times is with whom the marks say.
 C9 A version is a hash without an order, as in PROTOCOL and engine/README. How often something was
    done by hand is in it, so that it does not come back to an old one when a merge is undone: a
    plan of before would be taken.
 C10 The limits of devices (50, 100) and R3, which binds before any guard: see D8."""
