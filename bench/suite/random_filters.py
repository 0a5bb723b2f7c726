# SPDX-License-Identifier: Apache-2.0
"""Random filters of the language over the generated data, by class.

What the data has nothing of is not asked: labels, consents, goals, interests, engagement, archived
profiles, merges. `sample` is not, for DuckDB cannot say it, and months between two steps are not,
for ClickHouse plans them for seconds."""

from suite.values import EVENTS, TEXTS_OF, instant, quoted

COMPARE = ("=", "!=", "<", "<=", ">", ">=")
RANGE = ("<", "<=", ">", ">=")
TEXT_TRAITS = ("email", "first_name", "last_name", "company", "city", "phone")


class Filters:
    """Draws of `values`."""

    def __init__(self, values):
        self.values = values
        self.of, self.one_in = values.of, values.one_in
        self.between, self.window = values.between, values.window

    # --- Who somebody is ---

    def traits(self):
        draw = self.values.trait
        country = lambda: draw("country")
        return self.of((
            lambda: f"age {self.of(COMPARE)} {draw('age')}",
            lambda: "age between {} and {}".format(*sorted((draw("age"), draw("age")))),
            lambda: f"age {self.of(('in', 'not in'))} ({draw('age')}, {draw('age')}, 30)",
            lambda: f"ltv {self.of(RANGE)} {draw('ltv')}",
            lambda: "ltv between {} and {}".format(*sorted((draw("ltv"), draw("ltv")), key=float)),
            lambda: f"country {self.of(('=', '!='))} {quoted(country())}",
            lambda: f"country {self.of(('in', 'not in'))} {self.values.texts(country, 12)}",
            lambda: f"plan {self.of(('=', '!='))} {quoted(draw('plan'))}",
            lambda: f"city in {self.values.texts(lambda: draw('city'), 30)}",
            lambda: f"consent_email = {self.of(('true', 'false'))}",
            lambda: f"{self.of(('phone', 'company', 'email'))} is {self.of(('set', 'missing'))}",
            lambda: f"created_at {self.window(1000)}",
            lambda: f"{self.of(('last_seen', 'first_seen'))} {self.window()}",
            lambda: f"created_at {self.of(RANGE)} {instant(self.values.time_ms(1000))}",
            lambda: f"known for {self.values.duration(900)}",
            lambda: f"anniversary of created_at within next {self.between(1, 60)} days",
        ))()

    def texts(self):
        name = self.of(TEXT_TRAITS)
        text = self.values.trait(name)
        part, begin = self.values.part(text), text[:self.between(1, 4)]
        return f"{name} " + self.of((
            lambda: f"contains {quoted(part)}",
            lambda: f"starts with {quoted(begin)}",
            lambda: f"ends with {quoted(text[-self.between(1, 5):])}",
            lambda: f"contains ~{quoted(part.upper())}",
            lambda: f"starts with ~{quoted(begin.upper())}",
            lambda: f"= ~{quoted(text.upper())}",
            lambda: f"= {quoted(text)}",
            lambda: f"{self.of(RANGE)} {quoted(begin)}",
            lambda: f"in {self.values.texts(lambda: self.values.trait(name), 20)}",
            lambda: f"matches /^{begin[0].lower()}.*{text[-1].lower()}/i".replace("+", "."),
            lambda: f"matches /[{text[0]}m-p][a-f0-4]{text[-2:]}$/".replace("+", "5"),
        ))()

    def lists(self):
        label = lambda: self.values.trait("label")
        return self.of((
            lambda: f"labels has {quoted(label())}",
            lambda: f"labels has {self.of(('any', 'none'))} {self.values.texts(label, 8)}",
            lambda: f"labels has any {self.values.texts(label, 30)}",
            lambda: f"labels has all {self.values.texts(label, 2)}",
            lambda: f"size(labels) {self.of(COMPARE)} {self.between(1, 3)}",
            lambda: f"labels is {self.of(('set', 'missing'))}",
        ))()

    def identities(self):
        digits = str(self.between(1, 999))
        return self.of((
            lambda: f"has identity {self.of(('email', 'phone', 'external_id'))}",
            lambda: f"{self.of(('is identified', 'is anonymous', 'has no identity'))}",
            lambda: f"created via {quoted(self.of(('identify', 'import', 'generate')))}",
            lambda: f"external_id = {quoted(digits)}",
            lambda: f"external_id != {quoted(digits)}",
            lambda: f"external_id in {self.values.texts(lambda: str(self.between(1, 9999)), 9)}",
            lambda: f"external_id starts with {quoted(digits)}",
            lambda: f"external_id contains {quoted(digits)}",
            lambda: f"not external_id ends with {quoted(digits[-1])}",
            lambda: f"external_id contains ~{quoted(digits)}",
        ))()

    # --- What somebody did ---

    def test(self, event):
        """Of a property of the event."""
        name = TEXTS_OF[event] if not self.one_in(4) else "channel"
        draw = lambda: self.values.property(name)
        text = draw()
        if event == "purchase" and not self.one_in(3):
            low = self.between(1, 60)
            return self.of((f"amount {self.of(RANGE)} {self.values.property('amount')}",
                            f"amount between {low} and {low + self.between(1, 100)}.50"))
        return f"{name} " + self.of((
            lambda: f"= {quoted(text)}",
            lambda: f"!= {quoted(text)}",
            lambda: f"{self.of(('in', 'not in'))} {self.values.texts(draw, 12)}",
            lambda: f"contains {quoted(self.values.part(text, 4))}",
            lambda: f"starts with {quoted(text[:self.between(1, 3)])}",
            lambda: f"contains ~{quoted(self.values.part(text, 4).upper())}",
            lambda: f"matches /{text[:2]}.*{text[-1]}$/",
        ))()

    def where(self, event):
        if self.one_in(2):
            return f" where {self.test(event)}"
        joined = self.of((" and ", " or ")).join((self.test(event), self.test(event)))
        return f" where ({joined})"

    def events(self, from_place=0):
        """A type, at times with a condition; from place 1 on they are no page views, which most
        events are."""
        event = self.of(EVENTS[from_place:])
        return quoted(event) + (self.where(event) if self.one_in(3) else "")

    def count(self):
        return f"{self.of(('at least', 'at least', 'at most', 'exactly'))} {self.between(1, 6)}"

    def counts(self):
        return (f"did {quoted(self.values.event())}" + self.values.maybe(
            lambda: self.count() + " times") + self.values.maybe(self.window))

    def conditions(self):
        event = self.values.event()
        return (f"did {quoted(event)}{self.where(event)}" + self.values.maybe(
            lambda: self.count() + " times") + self.values.maybe(self.window))

    def absences(self):
        event = self.values.event()
        return self.of((
            lambda: f"not did {quoted(event)}{self.values.maybe(self.window)}",
            lambda: f"not did {quoted(event)} {self.window()}",
            lambda: f"not did {quoted(event)}{self.where(event)} {self.window()}",
            lambda: f"did {quoted(event)} at most {self.between(0, 2)} times {self.window()}",
            lambda: f"stopped {quoted(event)} for {self.values.duration(120)}",
            lambda: f"stopped {quoted(event)}{self.where(event)} for {self.values.duration(120)}",
        ))()

    def any_events(self):
        channel = quoted(self.values.property("channel"))
        campaign = quoted(self.values.property("campaign"))
        times = lambda: self.values.maybe(lambda: self.count() + " times")
        return self.of((
            lambda: f"did any event{times()} {self.window()}",
            lambda: f"not did any event {self.window()}",
            lambda: f"did any event where channel = {channel}{times()} {self.window()}",
            lambda: f"did any event where campaign = {campaign}{times()}",
            lambda: f"has channel {channel}",
            lambda: f"touched campaign {campaign}{times()} {self.window()}",
            lambda: f"touched campaign {campaign} {self.of(('sent', 'seen', 'clicked'))}",
        ))()

    def days(self):
        unit = self.of(("days", "days", "weeks", "months"))
        return (f"did {self.events()} on {self.count()} {unit}"
                f"{self.values.maybe(self.window)}")

    def _amounts(self, op):
        where = self.values.maybe(lambda: self.where("purchase").strip())
        return f"{op}(purchase.amount{where}){self.values.maybe(self.window)}"

    def sums(self):
        op = self.of(("sum", "sum", "avg", "min", "max"))
        amount = float(self.values.property("amount"))
        if op == "sum":
            amount *= self.between(1, 8)
        return f"{self._amounts(op)} {self.of(RANGE)} {amount:.2f}"

    def totals(self):
        event, other = self.values.event(), self.values.event()
        name = TEXTS_OF[event]
        window = self.values.maybe(self.window)
        return self.of((
            lambda: f"count({quoted(event)}){window} {self.of(COMPARE)} {self.between(1, 8)}",
            lambda: f"count({quoted(event)}{self.where(event)}){window} >= {self.between(1, 3)}",
            lambda: f"distinct({event}.{name}){window} {self.of(COMPARE)} {self.between(1, 6)}",
            lambda: f"count({event}) {self.of(COMPARE)} count({other}){window}",
            lambda: f"{self._amounts('sum')} {self.of(RANGE)} {self._amounts('sum')}",
            lambda: f"{self._amounts('avg')} {self.of(RANGE)} {self._amounts('max')}",
        ))()

    def places(self):
        place = self.of(("first", "last", "last", "nth 2", "nth 3", "nth 5"))
        event = self.values.event()
        return f"{place} {quoted(event)}" + self.of((
            lambda: self.where(event),
            lambda: f" {self.window()}",
            lambda: f"{self.where(event)} {self.window()}",
        ))()

    # --- What followed what ---

    def within(self):
        return f" within {self.values.duration(30)}"

    def sequences(self):
        start = self.of(("", "", "", "first ", "last ", "every ", "nth 2 "))
        first = self.of(("product_view", "add_to_cart", "purchase"))
        second = self.of(("product_view", "add_to_cart", "purchase"))
        return self.of((
            lambda: f"did {start}{self.events()} then {self.events(1)}{self.within()}",
            lambda: f"did {start}{self.events()} {self.window()} then {self.events(1)}",
            lambda: (f"did {start}{self.events(1)}{self.values.maybe(self.window)} then "
                     f"{self.events(2)}{self.within()} then {self.events(2)}{self.within()}"),
            lambda: (f"did {start}{self.events(1)}{self.values.maybe(self.window)} then not "
                     f"{self.events(1)}{self.within()}"),
            lambda: f"did {first} then {second}{self.within()} same category",
            lambda: f"did {first} then {second}{self.within()} then not purchase{self.within()}",
        ))()

    def sessions(self):
        test = lambda: self.of((
            f"channel = {quoted(self.values.property('channel'))}",
            f"duration {self.of(RANGE)} {self.between(5, 120)} s",
            f"events {self.of(RANGE)} {self.between(1, 6)}",
            f"did {quoted(self.values.event())}", "did purchase where amount > 50",
            "not did page_view", "profile.plan = \"pro\"", f"start {self.window()}"))
        return self.of((
            lambda: f"any session ({test()}){self.values.maybe(self.window)}",
            lambda: f"any session ({test()} and {test()}) {self.window()}",
            lambda: f"any session ({test()}) at least {self.between(2, 5)} times",
            lambda: f"all sessions ({test()} or {test()})",
            lambda: f"no session ({test()}) {self.window()}",
            lambda: f"did {self.events(1)} then {self.events(1)} in the same session",
        ))()

    def histories(self):
        name = self.of(("plan", "country"))
        value = quoted(self.values.trait(name))
        return self.of((
            lambda: f"{name} was {value}{self.values.maybe(self.window)}",
            lambda: f"{name} = {value} for {self.values.duration(150)}",
            lambda: f"age >= {self.values.trait('age')} for {self.values.duration(150)}",
            lambda: f"{name} changed {self.of(('to', 'from'))} {value}",
            lambda: f"did {self.events()} within {self.values.duration(60)} of first seen",
            lambda: f"resumed {quoted(self.values.event())} after {self.values.duration(60)}",
            lambda: (f"resumed {quoted(self.values.event())} after {self.values.duration(30)} "
                     f"within last {self.between(2, 90)} days"),
        ))()

    # --- Together ---

    def leaf(self):
        """Of any class; those that are asked for most come more often."""
        return self.of((self.traits, self.traits, self.texts, self.lists, self.identities,
                        self.counts, self.counts, self.conditions, self.conditions,
                        self.absences, self.any_events, self.days, self.sums, self.totals,
                        self.places, self.sequences, self.histories))()

    def tree(self, depth=2):
        if depth == 0 or depth == 1 and self.one_in(3):
            return self.leaf()
        joined = self.of((" and ", " and ", " or ")).join(
            self.tree(depth - 1) for _ in range(self.between(2, 3 if depth == 2 else 2)))
        return f"{'not ' if self.one_in(5) else ''}({joined})"

    def breakdown(self):
        by = self.of(("country", "plan", "country, plan", "age", "status", "consent_email, plan",
                      "city", "last_name"))
        having = f" having count >= {self.between(2, 200)}" if self.one_in(4) else ""
        return f"count where {self.tree(1)} by {by}{having}"

    def find(self):
        order = self.of(("", " order by last_seen desc", " order by created_at",
                         " order by ltv desc, id", " order by age, last_seen desc",
                         " order by country, city", " order by email", " order by id"))
        limit = self.of((1, 20, 50, 50, 200, 1000))
        offset = f" offset {self.between(1, 200)}" if self.one_in(4) else ""
        return (f"find id, email, country, age, last_seen where {self.tree(1)}{order} "
                f"limit {limit}{offset}")


CLASSES = {
    "traits": Filters.traits, "texts": Filters.texts, "lists": Filters.lists,
    "identities": Filters.identities, "counts": Filters.counts,
    "conditions": Filters.conditions, "absences": Filters.absences,
    "any event": Filters.any_events, "days": Filters.days, "sums": Filters.sums,
    "totals": Filters.totals, "places": Filters.places, "sequences": Filters.sequences,
    "sessions": Filters.sessions, "histories": Filters.histories, "trees": Filters.tree,
    "breakdowns": Filters.breakdown, "finds": Filters.find}


def draw(filters, name):
    """A statement of the class."""
    text = CLASSES[name](filters)
    return text if name in ("breakdowns", "finds") else f"count where {text}"
