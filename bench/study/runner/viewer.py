# SPDX-License-Identifier: MIT
# Copyright (c) the libpool authors
"""The page as one HTML file to look at: nothing is fetched, the plots are in it.

It reads the Markdown that page.py writes, and knows no more of Markdown than that: headings, paragraphs, lists of two
levels, tables, blocks of code, pictures on a line of their own.
"""
import html
import os
import re

from page import TITLE, page_lines

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --muted: #59636e; --paper: #ffffff; --line: #d1d9e0; --soft: #f6f8fa;
  --link: #0969da; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --muted: #9198a1; --paper: #0d1117; --line: #3d444d; --soft: #151b23; --link: #4493f8; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 2rem 1.25rem 5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { margin: 3rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); font-size: 1.4rem; }
h3 { margin: 2rem 0 .5rem; }
p, ul { max-width: 50rem; }
li { margin: .3rem 0; }
h1 + ul { list-style: none; padding: 0; max-width: none; }
h1 + ul > li { padding: .7rem 1rem; margin: .5rem 0; background: var(--soft); border-left: 4px solid var(--link);
  border-radius: 0 6px 6px 0; }
figure { margin: 1.25rem 0; padding: .75rem; background: #ffffff; border: 1px solid var(--line); border-radius: 8px;
  overflow-x: auto; }
figure svg { display: block; width: 100%; height: auto; min-width: 40rem; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: left; }
th { background: var(--soft); font-weight: 600; vertical-align: bottom; }
td:not(:first-child), th:not(:first-child) { text-align: right; }
.text td, .text th { text-align: left !important; }
tr.ours td { font-weight: 600; }
code, pre { font: .88em/1.45 ui-monospace, monospace; background: var(--soft); border-radius: 4px; }
code { padding: .1em .3em; } pre { padding: .8rem 1rem; overflow-x: auto; } pre code { padding: 0; }
a { color: var(--link); }
nav { display: flex; flex-wrap: wrap; gap: .3rem .9rem; font-size: .9rem; margin: 1rem 0 2rem; }
"""


def inline(text):
    """Code, bold, emphasis and links of a line."""
    parts = re.split(r"(`[^`]+`)", text)
    done = []
    for part in parts:
        if part.startswith("`") and part.endswith("`") and len(part) > 2:
            done.append(f"<code>{html.escape(part[1:-1])}</code>")
            continue
        part = html.escape(part, quote=False)
        part = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", part)
        part = re.sub(r"(?<!\w)\*([^*\s][^*]*)\*(?!\w)", r"<em>\1</em>", part)
        done.append(re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', part))
    return "".join(done)


def anchor(title):
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def picture(title, path, number):
    """An SVG as a part of the page: its ids are made its own."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = text[text.index("<svg"):]
    text = re.sub(r'\bid="', f'id="p{number}-', text)
    text = re.sub(r'(xlink:href|href)="#', rf'\1="#p{number}-', text)
    text = re.sub(r"url\(#", f"url(#p{number}-", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # What would be a style of the whole page is said of this picture.
    text = re.sub(r"<style type=\"text/css\">\*\{([^}]*)\}</style>", rf"<style>#p{number} *{{\1}}</style>", text)
    text = text.replace("<svg ", f'<svg id="p{number}" role="img" aria-label="{html.escape(title)}" ', 1)
    return f"<figure>{text}</figure>"


def table(lines):
    cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    right = "---:" in lines[1]
    yield f'<div class="wide"><table{"" if right else " class=" + chr(34) + "text" + chr(34)}>'
    yield "<tr>" + "".join(f"<th>{inline(cell)}</th>" for cell in cells[0]) + "</tr>"
    for row in cells[2:]:
        ours = ' class="ours"' if row[0].split(": ")[-1] == "libpool" else ""
        yield f"<tr{ours}>" + "".join(f"<td>{inline(cell)}</td>" for cell in row) + "</tr>"
    yield "</table></div>"


def bullets(lines):
    """A list, in which a line further in belongs to a list of its own."""
    items = []  # (depth, text)
    for line in lines:
        found = re.match(r"( *)- (.*)", line)
        if found:
            items.append([len(found.group(1)) // 2, found.group(2)])
        else:
            items[-1][1] += " " + line.strip()
    depth = -1
    for level, text in items:
        if level > depth:
            yield "<ul>"
        else:
            yield "</li>" + "</ul></li>" * (depth - level)
        depth = level
        yield f"<li>{inline(text)}"
    yield "</li></ul>" * (depth + 1)


def blocks(lines):
    """The lines that belong together, without the empty ones between them."""
    block, code = [], False
    for line in lines:
        if line.startswith("```"):
            code = not code
        heads = line.startswith("#") and not code
        if (not line and not code or heads) and block:
            yield block
            block = []
        if line or code:
            block.append(line)
        if heads:
            yield block
            block = []
    if block:
        yield block


def body(lines, plots):
    paths = {os.path.basename(path): path for _, path in plots.values()}
    for number, block in enumerate(blocks(lines)):
        first = block[0]
        image = re.match(r"!\[(.*)\]\(plots/(.*)\)$", first)
        if first.startswith("<!--"):
            continue
        if image:
            yield picture(image.group(1), paths[image.group(2)], number)
        elif first.startswith("#"):
            level, title = len(first.split(" ", 1)[0]), first.split(" ", 1)[1]
            yield f'<h{level} id="{anchor(title)}">{inline(title)}</h{level}>'
        elif first.startswith("```"):
            yield "<pre><code>" + html.escape("\n".join(block[1:-1])) + "</code></pre>"
        elif first.startswith("|"):
            yield from table(block)
        elif first.startswith("- "):
            yield from bullets(block)
        else:
            yield "<p>" + inline(" ".join(block)) + "</p>"


def write_viewer(data, plots, folder, machine):
    lines = list(page_lines(data, plots, machine))
    titles = [line[3:] for line in lines if line.startswith("## ")]
    parts = list(body(lines, plots))
    links = "<nav>" + "".join(f'<a href="#{anchor(title)}">{inline(title)}</a>' for title in titles) + "</nav>"
    place = next((index for index, part in enumerate(parts) if part.startswith("<h2")), len(parts))
    parts.insert(place, links)
    with open(os.path.join(folder, "study.html"), "w", encoding="utf-8") as file:
        file.write("<!DOCTYPE html>\n<!-- SPDX-License-Identifier: MIT -->\n"
                   "<!-- Copyright (c) the libpool authors -->\n"
                   '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
                   '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
                   f"<title>libpool: {html.escape(TITLE)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n" +
                   "\n".join(parts) + "\n</main>\n</body>\n</html>\n")
