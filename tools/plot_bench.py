#!/usr/bin/env python3
"""plot_bench.py RESULTS.jsonl OUT.svg: draws what perdure-bench --json wrote. Writes the SVG itself, so that a picture
needs no plotting library."""
import html
import json
import math
import sys

WIDTH, HEIGHT = 320, 240  # of the plotting area of a panel
LEFT, TOP, GAP, BOTTOM = 64, 84, 84, 56
INK, PALE, GRID = "#24292f", "#57606a", "#d8dee4"
BLUE, ORANGE = "#2f6fb7", "#d9822b"


class Panel:
    """One coordinate system: `x` are labels at equal distances, y is linear from 0."""

    def __init__(self, index, title, unit, labels, caption, top):
        self.left = LEFT + index * (WIDTH + GAP)
        self.labels = labels
        self.step = nice_step(top)
        self.top = self.step * math.ceil(top * 1.02 / self.step)
        self.parts = [text(self.left, TOP - 34, title, size=14, weight="bold"),
                      text(self.left, TOP - 16, unit, colour=PALE)]
        for i in range(round(self.top / self.step) + 1):
            y = self.y(i * self.step)
            self.parts.append(line(self.left, y, self.left + WIDTH, y, INK if i == 0 else GRID))
            self.parts.append(text(self.left - 8, y + 4, number(i * self.step), anchor="end", colour=PALE))
        for i, label in enumerate(labels):
            self.parts.append(text(self.x(i), TOP + HEIGHT + 18, label, anchor="middle"))
        self.parts.append(text(self.left + WIDTH / 2, TOP + HEIGHT + 38, caption, anchor="middle", colour=PALE))

    def x(self, i):
        return self.left + WIDTH * (i + 0.5) / len(self.labels)

    def y(self, value):
        return TOP + HEIGHT * (1 - value / self.top)

    def bars(self, values, colour):
        for i, value in enumerate(values):
            y = self.y(value)
            self.parts.append(f'<rect x="{self.x(i) - 30:.1f}" y="{y:.1f}" width="60" height="{TOP + HEIGHT - y:.1f}" '
                              f'rx="2" fill="{colour}"/>')
            self.parts.append(text(self.x(i), y - 6, number(value), anchor="middle"))

    def curve(self, values, colour, name, other):
        """Its labels keep out of the way of the other curve's: the higher value of the two has its label above."""
        above = [mine >= theirs for mine, theirs in zip(values, other)]
        points = [(self.x(i), self.y(value)) for i, value in enumerate(values)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (x, y), value, high in zip(points, values, above):
            self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
            self.parts.append(text(x, y - 10 if high else y + 20, number(value), anchor="middle", colour=colour))
        x, y = points[0]
        self.parts.append(text(x - 14, y - 28 if above[0] else y + 38, name, colour=colour, weight="bold"))


def nice_step(top):
    """1, 2 or 5 times a power of ten, so that about five lines reach `top`."""
    rough = max(top, 1e-9) / 5
    power = 10 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)


def number(value):
    return f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:.1f}"


def text(x, y, content, anchor="start", colour=INK, size=12, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
            f'fill="{colour}">{html.escape(content)}</text>')


def line(x1, y1, x2, y2, colour):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def draw(rows):
    def of(name):
        return [row for row in rows if row["measurement"] == name]

    runs, sizes, floor = of("one_activity"), of("open"), of("bare_log")
    if not runs or not sizes or not floor:
        sys.exit("plot_bench: the file lacks measurements; was the benchmark stopped before its end?")
    concurrent = [number(row["concurrent"]) for row in runs]
    throughput = Panel(0, "Workflows with one activity", "workflows a second", concurrent, "under way at once",
                       max(row["workflows_per_second"] for row in runs))
    throughput.bars([row["workflows_per_second"] for row in runs], BLUE)
    cpu = Panel(1, "CPU of one of them", "microseconds, client and worker included", concurrent, "under way at once",
                max(row["cpu_us"] for row in runs))
    cpu.bars([row["cpu_us"] for row in runs], BLUE)
    starts, signals = [row["start_cpu_us"] for row in sizes], [row["signal_cpu_us"] for row in sizes]
    growth = Panel(2, "Cost while others are open", "microseconds of CPU", [number(row["open"]) for row in sizes],
                   "open workflows", max(starts + signals) * 1.25)
    growth.curve(starts, BLUE, "a start", signals)
    growth.curve(signals, ORANGE, "a signal", starts)
    width, height = LEFT + 3 * WIDTH + 2 * GAP + 24, TOP + HEIGHT + BOTTOM
    heading = (f"Embedded engine, every step durable; the same disk takes {number(floor[0]['steps_per_second'])} "
               "bare synced writes a second")
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
         'font-family="Helvetica, Arial, sans-serif">', f'<rect width="{width}" height="{height}" fill="white"/>',
         text(LEFT, 26, heading, size=13, colour=PALE)]
        + throughput.parts + cpu.parts + growth.parts + ["</svg>", ""])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = [json.loads(row) for row in file]
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(draw(rows))


if __name__ == "__main__":
    main()
