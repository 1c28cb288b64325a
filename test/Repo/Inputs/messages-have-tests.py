"""Every message for a user is shown by a test:  messages-have-tests.py ROOT

A message is a call of one of the functions below with a text; of its literals the longest must stand in some test. Faults of our own
("internal error", asserts) have none. Those that lack one are listed.
"""
import os
import re
import sys

CALLS = r"\b(emitError|emitOpError|emitWarning|wireError|createStringError|failure|fail|refuse|failArgument|failWeights|failAllocation|ingotComplain|usage|complain|say|ingotFail|ingot_io_fail)\s*\("
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


def statements(text):
    """(line, literals of the statement) for each call that makes a message."""
    text = re.sub(r"//[^\n]*", lambda m: " " * len(m.group()), text)
    for call in re.finditer(CALLS, text):
        depth, i, closed = 0, call.end() - 1, False
        while i < len(text):
            literal = LITERAL.match(text, i)
            if literal:
                i = literal.end()
                continue
            if depth == 0 and closed and text[i] == "{":  # the function itself, not a call of it
                break
            depth += (text[i] in "({") - (text[i] in ")}")
            closed |= depth == 0
            if text[i] == ";" and depth <= 0 or depth < 0:
                break
            i += 1
        joined = re.sub(r'"\s*\n\s*"', "", text[call.end():i])
        pieces = LITERAL.findall(joined)
        if pieces:
            yield text.count("\n", 0, call.start()) + 1, pieces


def words(text):
    """A literal as a test would show it: without escapes and format directives, its longest piece."""
    text = text.encode().decode("unicode_escape", "replace")
    return max(re.split(r"%[-+ #0-9.*]*[a-zA-Z]+|\n", text), key=len).strip()


def main():
    root = sys.argv[1]
    tests = []
    for where, folders, files in os.walk(os.path.join(root, "test")):
        if os.path.basename(where) == "known-failures":
            continue
        for name in files:
            with open(os.path.join(where, name), errors="replace") as f:
                tests.append(f.read())
    corpus = re.sub(r"\s+", " ", "\n".join(tests))
    total, lacking = 0, []
    for base in ("lib", "tools"):
        for where, folders, files in os.walk(os.path.join(root, base)):
            folders[:] = sorted(f for f in folders if f != "dev")
            for name in sorted(files):
                if not name.endswith((".cpp", ".c", ".h")):
                    continue
                path = os.path.join(where, name)
                with open(path) as f:
                    text = f.read()
                for line, pieces in statements(text):
                    shown = max((words(p) for p in pieces), key=len)
                    if len(shown) < 8 or any("internal error" in p for p in pieces):
                        continue
                    total += 1
                    if re.sub(r"\s+", " ", shown) not in corpus:
                        lacking.append(f"{os.path.relpath(path, root)}:{line}: {shown}")
    if lacking:
        print("\n".join(lacking))
    print(f"{total} messages, {len(lacking)} without a test that shows it")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
