# SPDX-License-Identifier: Apache-2.0
"""What the suite found, as tables on the terminal and as one HTML file with plots."""

import html
import math
import statistics

from suite import statements

NAMES = {"roster": "Roster", "duckdb": "DuckDB", "clickhouse": "ClickHouse",
         "postgresql": "PostgreSQL"}
COLOURS = {"roster": "#c0392b", "duckdb": "#d4a017", "clickhouse": "#3d6fb4",
           "postgresql": "#5b8c5a"}
KINDS = (("fixed", "the usual constants"), ("fresh", "fresh constants in each run"))
LIMIT_SIZE = 20_000_000  # events at which the hand-written kernels were measured
GOAL_MEAN = 20
GOAL_BYTES = {"event": 32, "profile": 400}
STYLE = """body { font: 15px/1.5 system-ui, sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; } th, td { padding: .2em .7em; text-align: right; }
th:first-child, td:first-child { text-align: left; } th { border-bottom: 2px solid #888; }
td { border-bottom: 1px solid #ddd; font-variant-numeric: tabular-nums; } .no { color: #b03020; }
svg text { font: 12px system-ui, sans-serif; }"""


class Row:
    """A query with so many threads and such constants. Units: milliseconds."""

    def __init__(self, query, threads, found, figures):
        self.query, self.threads = query, threads
        self.times = {each["engine"]: sorted(us / 1000 for us in each["us"]) for each in figures}
        self.median = {name: statistics.median(times) for name, times in self.times.items()}
        peers = {name: ms for name, ms in self.median.items() if name != "roster"}
        self.best = min(peers, key=peers.get) if peers else None
        self.ratio = peers[self.best] / self.median["roster"] if peers else None
        # What a busy machine disturbs least; of fresh constants the fastest runs differ in them.
        self.undisturbed = (min(self.times[name][0] for name in peers) / self.times["roster"][0]
                            if peers and figures[0]["constants"] == "fixed" else None)
        # The work of a kernel grows with the data.
        scale = found["events"] / LIMIT_SIZE
        self.limit = query.limits_ms[2 - threads] * scale if query.limits_ms else None
        self.cold = query.cold_ms[threads] * scale if threads in query.cold_ms else None

    def distance(self, limit):
        """How many times a limit the median is, as text; of none nothing."""
        return f"{self.median['roster'] / limit:.1f}x" if limit else ""

    @property
    def reached(self):
        return self.ratio is not None and self.ratio >= self.query.goal


def rows_of(found, threads, kind):
    for query in statements.QUERIES:
        figures = [each for each in found["figures"] if each["query"] == query.name
                   and each["threads"] == threads and each["constants"] == kind]
        if figures:
            yield Row(query, threads, found, figures)


def sections(found):
    """(title, rows) of each table."""
    for threads in (2, 1):
        for kind, text in KINDS:
            rows = list(rows_of(found, threads, kind))
            if rows:
                yield f"{'two threads' if threads == 2 else 'one thread'}, {text}", rows


def mean_of(ratios):
    """Their geometric mean."""
    return math.exp(statistics.fmean(map(math.log, ratios)))


def ms(value):
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def cells_of(row, engines):
    """What a table shows of a row, as texts."""
    cells = [row.query.name]
    for engine in engines:
        times = row.times[engine]
        cells.append(f"{ms(row.median[engine])} ({ms(times[0])}-{ms(times[-1])})")
    for ratio in (row.ratio, row.undisturbed):
        cells.append("" if ratio is None else f"{ratio:.1f}x")
    cells.append(f"{row.query.goal}x")
    cells.append("" if row.ratio is None else "yes" if row.reached else "NO")
    for limit in (row.limit, row.cold):
        cells += [ms(limit) if limit else "", row.distance(limit)]
    return cells


def head_of(engines):
    return (["query", *(f"{NAMES[engine]}, ms" for engine in engines)]
            + ["best peer", "by minima", "goal", "reached", "limit, ms", "distance",
               "cold", "distance"])


def engines_of(found):
    present = {each["engine"] for each in found["figures"]}
    return [name for name in NAMES if name in present]


def memory_rows(found):
    events, profiles = found["events"], found["profiles"]
    for name, each in found["memory"].items():
        said = each["says"]
        yield [NAMES[name], f"{each['rss'] / 2**20:,.0f}",
               "" if said is None else f"{said / 2**20:,.0f}"]
    facts = found["memory"]["roster"]["facts"]
    calls = facts["call_bytes"]
    yield [f"Roster: bytes an event {facts['event_bytes'] / events:.1f} "
           f"(goal {GOAL_BYTES['event']}), a profile "
           f"{(facts['other_bytes'] + calls) / profiles:.0f} (goal {GOAL_BYTES['profile']}), "
           f"of which {calls / profiles:.0f} are what is kept of its calls", "", ""]


def tables(found):
    """(title, head, rows of texts, a closing line) of everything."""
    engines = engines_of(found)
    for title, rows in sections(found):
        closing = ""
        if all(row.best for row in rows):
            slower = [row.query.name for row in rows if row.ratio < 1]
            minima = [row.undisturbed for row in rows if row.undisturbed]
            closing = (f"geometric mean {mean_of([row.ratio for row in rows]):.1f}x"
                       + (f", by minima {mean_of(minima):.1f}x" if minima else "") +
                       f" (goal {GOAL_MEAN}x); slower than a peer: {', '.join(slower) or 'none'}")
        yield title, head_of(engines), [cells_of(row, engines) for row in rows], closing
    yield ("parse, bind and plan, microseconds (they are in the times above)",
           ["query", "parse", "bind", "plan", "all (goal 25)"],
           [[name, *(f"{us:.1f}" for us in each), f"{sum(each):.1f}"]
            for name, each in found["stages"].items()], "")
    yield ("memory", ["engine", "RSS since before loading, MiB", "by its own account, MiB"],
           list(memory_rows(found)),
           "Peers hold only the columns that the queries need, Roster everything.")


def notes(found):
    of = found["machine"]
    yield (f"Size {found['size']}: {found['profiles']:,} profiles, {found['events']:,} events. "
           f"Fresh constants from seed {found['seed']}. {of['date']}.")
    yield (f"{of['processors']} processors ({of['processor']}), {of['memory_gib']:.0f} GiB, "
           f"{of['system']}; it reads {of['read_gb_s']['1']:.1f} GB/s with one thread, "
           f"{of['read_gb_s']['2']:.1f} with two. Others' load was {of['load_before']:.1f} before "
           f"the run and {found['load_after']:.1f} at its end, ours included.")
    yield "; ".join(f"{NAMES[name]} {version}".strip() for name, version in
                    found["versions"].items()) + "."
    for name, why in found["missing"].items():
        yield f"Without {NAMES[name]}: {why}"
    yield ("Median (minimum-maximum). Best peer: how many times its median is Roster's; by minima: "
           "the same of the fastest runs, which a busy machine disturbs least. Limit: a hand-written kernel on another machine at "
           "20 million events, scaled to these. All answers of all engines were equal.")


def show(found):
    for title, head, rows, closing in tables(found):
        print(f"\n{title}")
        widths = [max(len(row[i]) for row in [head, *rows] if len(row) == len(head)
                      and (i > 0 or row[-1] or row[1])) for i in range(len(head))]
        for row in [head, *rows]:
            first, *others = row
            print("  ".join([first.ljust(widths[0])] + [cell.rjust(width) for cell, width
                                                        in zip(others, widths[1:])]).rstrip())
        if closing:
            print(closing)
    print()
    for note in notes(found):
        print(note)


def plot(rows, engines):
    """Bars on a logarithmic axis, with a line from minimum to maximum, as SVG."""
    bar, gap, left, width = 13, 14, 60, 860
    times = [ms_ for row in rows for each in row.times.values() for ms_ in each]
    low = 10 ** math.floor(math.log10(min(times)))
    high = 10 ** math.ceil(math.log10(max(times)))
    span = math.log10(high / low)

    def x(value):
        return left + (width - left - 90) * math.log10(value / low) / span
    height = len(rows) * (bar * len(engines) + gap) + 30
    parts = [f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img">']
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        at = x(10 ** power)
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{height - 20}" '
                     f'stroke="#ddd"/><text x="{at:.1f}" y="{height - 5}" '
                     f'text-anchor="middle">{10.0 ** power:g} ms</text>')
    y = 4
    for row in rows:
        parts.append(f'<text x="4" y="{y + bar * len(engines) / 2 + 4:.0f}">'
                     f'{row.query.name}</text>')
        for engine in engines:
            each, median = row.times[engine], row.median[engine]
            middle = y + bar / 2
            parts.append(
                f'<rect x="{left}" y="{y}" width="{max(1, x(median) - left):.1f}" '
                f'height="{bar - 2}" fill="{COLOURS[engine]}"><title>{NAMES[engine]} '
                f'{ms(median)} ms</title></rect><line x1="{x(each[0]):.1f}" '
                f'x2="{x(each[-1]):.1f}" y1="{middle}" y2="{middle}" stroke="#222"/>'
                f'<text x="{x(each[-1]) + 4:.1f}" y="{y + bar - 3}">{ms(median)}</text>')
            y += bar
        y += gap
    return "".join(parts) + "</svg>"


def write(found, path):
    engines = engines_of(found)
    legend = " ".join(f'<span style="color:{COLOURS[name]}">&#9632;</span> {NAMES[name]}'
                      for name in engines)
    body = [f"<h1>Queries beside peers, size {found['size']}</h1>",
            *(f"<p>{html.escape(note)}</p>" for note in notes(found)), f"<p>{legend}</p>"]
    for title, rows in sections(found):
        body += [f"<h2>{html.escape(title.capitalize())}</h2>", plot(rows, engines)]
    for title, head, rows, closing in tables(found):
        lines = ["".join(f"<th>{html.escape(cell)}</th>" for cell in head)]
        lines += ["".join(f"<td{' class=no' if cell == 'NO' else ''}>{html.escape(cell)}</td>"
                          for cell in row) for row in rows]
        body += [f"<h2>{html.escape(title.capitalize())}</h2><table>",
                 *(f"<tr>{line}</tr>" for line in lines), f"</table><p>{html.escape(closing)}</p>"]
    queries = "".join(f"<li>{query.name}: {html.escape(query.text)}</li>"
                      for query in statements.QUERIES)
    with open(path, "w", encoding="utf-8") as file:
        file.write("<!doctype html><html lang=en><meta charset=utf-8><title>Queries beside peers"
                   f"</title><style>{STYLE}</style>{''.join(body)}<h2>The queries</h2>"
                   f"<ul>{queries}</ul></html>\n")
    print(f"the report: {path}")
