# SPDX-License-Identifier: BSD-2-Clause
"""A grammar read from a page: its rules, tokens cut by them, a recogniser and a maker of sentences.

Rules are trees: ("or", [...]), ("row", [...]), ("opt", x), ("any", x), ("minus", a, b), ("text", s),
("name", n), ("special", words). Those of the page's section "Tokens" speak of characters and become
regular expressions; the others speak of tokens.
"""
import re

WORD = re.compile(r"\s*(?:([a-z][a-z-]*)|\"([^\"]+)\"|'([^']+)'|\? (.*?) \?|([=|;()\[\]{}-]))", re.S)

# What the words between question marks say of characters.
CHARACTERS = {
    "A to Z, a to z or _": "[A-Za-z_]", "0 to 9": "[0-9]", "1 to 9": "[1-9]", "0 to 7": "[0-7]",
    "A to F or a to f": "[A-Fa-f]", "any character": r"[\s\S]", "the end of a line": r"\n",
    "any other character": r"[^ \t\r\n\f\v]", "a blank, a tab or the end of a line": r"[ \t\r\n\f\v]",
}
# And of tokens.
SAME_LINE = "on the line of the token before"
NO_SPACE = "no space before"


class Token:
    __slots__ = ("text", "begins_line", "space_before")

    def __init__(self, text, begins_line=False, space_before=True):
        self.text = text
        self.begins_line = begins_line
        self.space_before = space_before


class Reader:
    """The text of the page's blocks to trees."""

    def __init__(self, text):
        self.words = []
        at = 0
        while text[at:].strip():
            found = WORD.match(text, at)
            if not found:
                raise ValueError(f"no grammar: {text[at:at + 40]!r}")
            kind = next(i for i in range(1, 6) if found[i] is not None)
            self.words.append(("name text text special sign".split()[kind - 1], found[kind]))
            at = found.end()
        self.at = 0

    def sign(self, text):
        if self.at < len(self.words) and self.words[self.at] == ("sign", text):
            self.at += 1
            return True
        return False

    def need(self, text):
        if not self.sign(text):
            raise ValueError(f"expected {text} at {self.words[self.at:self.at + 5]}")

    def rules(self):
        rules = {}
        while self.at < len(self.words):
            name = self.words[self.at][1]
            self.at += 1
            self.need("=")
            if name in rules:
                raise ValueError(f"two rules {name}")
            rules[name] = self.choice()
            self.need(";")
        return rules

    def choice(self):
        rows = [self.row()]
        while self.sign("|"):
            rows.append(self.row())
        return rows[0] if len(rows) == 1 else ("or", rows)

    def row(self):
        items = []
        while self.words[self.at][0] != "sign" or self.words[self.at][1] in "([{":
            item = self.item()
            if self.sign("-"):
                item = ("minus", item, self.item())
            items.append(item)
        return items[0] if len(items) == 1 else ("row", items)

    def item(self):
        for begin, end, kind in [("(", ")", None), ("[", "]", "opt"), ("{", "}", "any")]:
            if self.sign(begin):
                inner = self.choice()
                self.need(end)
                return (kind, inner) if kind else inner
        self.at += 1
        return self.words[self.at - 1]


class Grammar:
    def __init__(self, page):
        sections = re.split(r"^##+ (.*)$", page, flags=re.M)
        self.rules, self.lexical = {}, set()
        for title, body in zip(sections[1::2], sections[2::2]):
            for block in re.findall(r"^```ebnf\n(.*?)^```", body, re.M | re.S):
                rules = Reader(block).rules()
                if set(rules) & set(self.rules):
                    raise ValueError(f"two rules {set(rules) & set(self.rules)}")
                self.rules.update(rules)
                if title == "Tokens":
                    self.lexical |= set(rules)
        self.regexes = {name: re.compile(self.regex(("name", name))) for name in self.lexical}
        alternatives = self.rules["token"]
        self.tokens = [self.regexes[name] for _, name in alternatives[1]]
        self.spaces = re.compile("(?:%s)*" % self.regex(("name", "space")))
        self.known = {}
        # topo's macros are the words of the page in capitals.
        self.macros = set(re.findall(r"\('text', '([A-Z][A-Z_]+)'\)", str(list(self.rules.values()))))

    def regex(self, node):
        kind = node[0]
        if kind == "text":
            return re.escape(node[1])
        if kind == "special":
            if node[1].startswith("one of "):
                return "[%s]" % re.escape("".join(node[1].replace(" or ", " ")[7:].split()))
            return CHARACTERS[node[1]]
        if kind == "name":
            return "(?:%s)" % self.regex(self.rules[node[1]])
        if kind == "minus":
            return "(?:(?!%s)%s)" % (self.regex(node[2]), self.regex(node[1]))
        if kind in ("opt", "any"):
            return "(?:%s)%s" % (self.regex(node[1]), "?" if kind == "opt" else "*")
        if kind == "or":
            return "(?:%s)" % "|".join(self.regex(n) for n in node[1])
        return "".join(self.regex(n) for n in node[1])

    def cut(self, text, lines=False):
        """The tokens of a text; with @lines the ends of lines that hold tokens are tokens too."""
        text = re.sub(r"\\\r?\n", "", text.lstrip("\ufeff"))
        tokens, at = [], 0
        while True:
            start = at
            at = self.spaces.match(text, at).end()
            begins = not tokens or "\n" in text[start:at]
            if lines and begins and tokens and tokens[-1].text != "\n":
                tokens.append(Token("\n"))
            if at == len(text):
                if lines and tokens and tokens[-1].text != "\n":
                    tokens.append(Token("\n"))
                return tokens
            end = max(m.end() for m in (r.match(text, at) for r in self.tokens) if m)
            tokens.append(Token(text[at:end], begins, at > start or start == 0))
            at = end

    def is_form(self, name, text):
        """Whether a token has the form of a lexical rule."""
        key = (name, text)
        if key not in self.known:
            self.known[key] = self.regexes[name].fullmatch(text) is not None
        return self.known[key]

    def used(self):
        """The names that rules use."""
        found = set()

        def look(node):
            if node[0] == "name":
                found.add(node[1])
            elif node[0] in ("or", "row"):
                for inner in node[1]:
                    look(inner)
            elif node[0] in ("opt", "any", "minus"):
                for inner in node[1:]:
                    look(inner)
        for node in self.rules.values():
            look(node)
        return found


class Recogniser:
    """Whether tokens are a sentence: for each rule and place the set of places where it can end."""

    def __init__(self, grammar, tokens):
        self.grammar, self.tokens = grammar, tokens
        self.memo = {}
        self.furthest = 0
        self.expanded = False

    def accepts(self, name):
        self.expanded = name != "text"
        return len(self.tokens) in self.ends(("name", name), 0)

    def token(self, good, at):
        if at < len(self.tokens) and good(self.tokens[at]):
            self.furthest = max(self.furthest, at + 1)
            return {at + 1}
        return set()

    def ends(self, node, at):
        kind = node[0]
        if kind == "text":
            return self.token(lambda t: t.text == node[1], at)
        if kind == "name":
            return self.name(node[1], at)
        if kind == "row":
            places = {at}
            for item in node[1]:
                places = set().union(*(self.ends(item, p) for p in places)) if places else places
            return places
        if kind == "or":
            return set().union(*(self.ends(item, at) for item in node[1]))
        if kind == "opt":
            return self.ends(node[1], at) | {at}
        if kind == "any":
            return self.repeated(node[1], at)
        if kind == "minus":
            return self.ends(node[1], at) - self.ends(node[2], at)
        return self.special(node[1], at)

    def calls(self, at):
        """Whether a macro is called here, which is a name nowhere."""
        return self.expanded and at + 1 < len(self.tokens) and \
            self.tokens[at + 1].text == "(" and self.tokens[at].text in self.grammar.macros

    def special(self, words, at):
        if at >= len(self.tokens):
            return set()
        if words == SAME_LINE:
            return set() if self.tokens[at].begins_line else {at}
        if words == NO_SPACE:
            return set() if self.tokens[at].space_before else {at}
        raise ValueError(words)

    def repeated(self, node, at):
        found, new = {at}, [at]
        while new:
            for place in self.ends(node, new.pop()):
                if place not in found:
                    found.add(place)
                    new.append(place)
        return found

    def name(self, name, at):
        if name in self.grammar.lexical:
            if name == "identifier" and self.calls(at):
                return set()
            return self.token(lambda t: (t.text == "\n") == (name == "newline") and
                              self.grammar.is_form(name, t.text), at)
        key = (name, at)
        if key not in self.memo:
            self.memo[key] = set()
            self.memo[key] = self.ends(self.grammar.rules[name], at)
        return self.memo[key]


class Maker:
    """Sentences of a rule, of bounded depth, that make all alternatives before long."""

    def __init__(self, grammar, random, samples, never, instead):
        self.grammar, self.random = grammar, random
        self.samples, self.never = samples, never
        self.rules = {**grammar.rules, **instead}
        self.made = {}
        self.left = 0
        self.least = {}
        for _ in grammar.rules:
            for name in set(grammar.rules) - grammar.lexical:
                self.least[name] = self.depth(grammar.rules[name]) + 1

    def depth(self, node):
        """The least depth of rules that a tree takes."""
        kind = node[0]
        if kind == "name":
            return 0 if node[1] in self.grammar.lexical else self.least.get(node[1], 10 ** 6)
        if kind == "or":
            return min(self.depth(n) for n in node[1])
        if kind == "row":
            return max((self.depth(n) for n in node[1]), default=0)
        return self.depth(node[1]) if kind == "minus" else 0

    def sentence(self, node, depth, tokens):
        """One of about that depth, and of not many more tokens."""
        self.left = tokens
        return self.make(node, depth)

    def choose(self, node, room):
        """An alternative that there is room for: any, or one of the least made."""
        able = [i for i, n in enumerate(node[1]) if n not in self.never and self.depth(n) <= room]
        able = able or [min(range(len(node[1])), key=lambda i: self.depth(node[1][i]))]
        counts = {i: self.made.get((id(node), i), 0) for i in able}
        least = [i for i in able if counts[i] == min(counts.values())]
        best = self.random.choice(self.random.choice((able, least)))
        self.made[(id(node), best)] = counts[best] + 1
        return node[1][best]

    def make(self, node, room):
        """Tokens; a special stands among them as a token of its own."""
        kind = node[0]
        self.left -= kind in ("text", "name")
        room = min(room, self.left // 4)
        if kind == "text":
            return [Token(node[1])]
        if kind == "special":
            return [Token(node)]
        if kind == "name":
            if node[1] in self.samples or node[1] in self.grammar.lexical:
                return [Token(self.text(node[1]))]
            return self.make(self.rules[node[1]], room - 1)
        if kind == "or":
            return self.make(self.choose(node, room), room)
        if kind == "row":
            return [t for n in node[1] for t in self.make(n, room)]
        if kind == "minus":
            while True:
                tokens = self.make(node[1], room)
                if not Recogniser(self.grammar, tokens).ends(node[2], 0):
                    return tokens
        able = node[1] not in self.never and self.depth(node[1]) <= room
        times = self.random.choice((0, 1) if kind == "opt" else (0, 1, 1, 2, 3)) if able else 0
        return [t for _ in range(times) for t in self.make(node[1], room)]

    def text(self, name):
        """The text of one token of a lexical rule."""
        if name in self.samples:
            return self.random.choice(self.samples[name])
        while True:
            text = self.characters(self.grammar.rules[name])
            if self.grammar.is_form(name, text):
                return text

    def characters(self, node):
        kind = node[0]
        if kind == "text":
            return node[1]
        if kind == "name":
            return self.random.choice(self.samples[node[1]]) if node[1] in self.samples \
                else self.characters(self.grammar.rules[node[1]])
        if kind == "special":
            known = self.grammar.regex(node)
            return self.random.choice([c for c in map(chr, range(33, 127)) if re.match(known, c)])
        if kind == "or":
            return self.characters(self.choose(node, 10 ** 7))
        if kind == "row":
            return "".join(self.characters(n) for n in node[1])
        if kind == "minus":
            return self.characters(node[1])
        return "".join(self.characters(node[1])
                       for _ in range(self.random.choice((0, 1) if kind == "opt" else (0, 1, 2, 5))))

    def unmade_of(self, names):
        """Alternatives of these rules that no sentence has used."""
        found = []

        def look(name, node):
            if node[0] == "or":
                found.extend(f"{name}: {n[1]}" for i, n in enumerate(node[1])
                             if n not in self.never and not self.made.get((id(node), i)))
            if node[0] in ("or", "row"):
                for inner in node[1]:
                    look(name, inner)
            elif node[0] in ("opt", "any", "minus"):
                look(name, node[1])
        for name, node in self.grammar.rules.items():
            if name in names and name not in self.samples:
                look(name, node)
        return found
