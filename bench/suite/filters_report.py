# SPDX-License-Identifier: Apache-2.0
"""What the random filters found, as tables on the terminal."""

import statistics

from suite.report import NAMES, mean_of, ms

HEAD = ("class", "filters", "Roster, ms", "best peer, ms", "ratio", "worst", "slower")


def classes_of(found):
    """{class: its figures}, in the order in which they were drawn."""
    classes = {}
    for figure in found["figures"]:
        classes.setdefault(figure["class"], []).append(figure)
    return classes


def median_ms(figures, engine=None):
    """Of the medians; without an engine, of those of each one's best peer."""
    return statistics.median(figure["median_us"][engine or figure["best"]]
                             for figure in figures) / 1000


def row_of(name, figures):
    ratios = [figure["ratio"] for figure in figures]
    return (name, str(len(figures)), ms(median_ms(figures, "roster")), ms(median_ms(figures)),
            f"{mean_of(ratios):.2f}", f"{min(ratios):.2f}", str(sum(r < 1 for r in ratios)))


def both(figure):
    best = figure["best"]
    return (f"{figure['ratio']:.2f}: Roster {ms(figure['median_us']['roster'] / 1000)} ms, "
            f"{NAMES[best]} {ms(figure['median_us'][best] / 1000)} ms, finds {figure['found']}: "
            f"{figure['filter']}")


def show_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    for first, *others in rows:
        print("  ".join([first.ljust(widths[0])] +
                        [cell.rjust(width) for cell, width in zip(others, widths[1:])]))


def show(found):
    classes = classes_of(found)
    print()
    show_table([HEAD] + [row_of(name, figures) for name, figures in classes.items()]
               + [row_of("all", found["figures"])])
    print("\nThe worst of each class:")
    for name, figures in classes.items():
        print(f"  {name}: {both(min(figures, key=lambda figure: figure['ratio']))}")
    slow = sorted((figure for figure in found["figures"] if figure["ratio"] < 1),
                  key=lambda figure: figure["ratio"])
    print(f"\nFilters in which Roster is slower than the best peer: {len(slow)}")
    for figure in slow:
        print(f"  {figure['class']}, {both(figure)}")
    for name, whys in found["refused"].items():
        print(f"\nRefused for {NAMES[name]}: {sum(whys.values())}")
        for why, count in sorted(whys.items(), key=lambda each: -each[1]):
            print(f"  {count}: {why}")
    of = found["machine"]
    print(f"\nSize {found['size']}, seed {found['seed']}, {of['date']}; {of['processors']} "
          f"processors ({of['processor']}), load {of['load_before']:.1f} before, "
          f"{found['load_after']:.1f} after, ours included. Ratio: geometric mean of the best "
          f"peer's median over Roster's.")
    for name, why in found["missing"].items():
        print(f"Without {NAMES[name]}: {why}")
    slower = [name for name, figures in classes.items()
              if mean_of([figure["ratio"] for figure in figures]) < 1]
    print(f"slower than the best peer in: {', '.join(slower) or 'none'}")
