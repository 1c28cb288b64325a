"""Checks that relative links of the Markdown pages, and paths written as `code` there, exist:  links-resolve.py REPOSITORY"""
import os
import re
import sys

root = sys.argv[1]
pages = [os.path.join(where, name) for where, folders, names in os.walk(root) for name in names if name.endswith(".md")
         and not os.path.relpath(where, root).startswith(("build", ".git"))]
broken = []
for page in sorted(pages):
    with open(page, encoding="utf-8") as f:
        text = f.read()
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in link and not os.path.exists(os.path.join(os.path.dirname(page), link)):
            broken.append(f"{os.path.relpath(page, root)}: link to {link}")
    for path in re.findall(r"`((?:docs|scripts|examples|bench|include|lib|cmake)/[A-Za-z0-9_./-]+)`", text):
        if not os.path.exists(os.path.join(root, path)):
            broken.append(f"{os.path.relpath(page, root)}: no {path}")
print("\n".join(broken) or "every link resolves")
sys.exit(bool(broken))
