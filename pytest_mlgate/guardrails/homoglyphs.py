"""Letters of other scripts that look like ASCII letters, and a few ligatures that Unicode does not take apart.

Only letters that a reader would take for the ASCII one in a Latin word are listed, from looking at them. Letters with
accents are not: folding takes the accents off first.
"""

from __future__ import annotations

# Each line: the ASCII character, then everything that looks like it.
_ROWS = """
A ΑАᎪᗅꓮ
B ΒВᏴᗷꓐ
C СϹᏟᑕꓚ
D Ꭰᗞꓓ
E ΕЕᎬꓰ
F Ϝᖴꓝ
G ԌᏀꓖ
H ΗНᎻᕼꓧ
I ΙІӀᏆꓲ
J ЈͿᎫᒍꓙ
K ΚКᏦꓗ
L Ꮮᒪꓡ
M ΜМᎷᗰꓟ
N Νꓠ
O ΟОՕꓳ
P ΡРᏢᑭꓑ
Q Ԛ
R ᎡᖇꓣƦ
S ЅՏᏚꓢ
T ΤТᎢꓔ
U Սᑌꓴ
V ᏙᐯꓦѴ
W ԜᎳꓪ
X ΧХꓫ
Y ΥҮУꓬ
Z ΖᏃꓜ
a αаɑ
b ƅЬᖯ
c сϲᴄ
d ԁᏧᑯ
e еҽєɛε
f ƒ
g ɡցԍ
h һհᏂн
i іɩιıɪ
j јϳ
k κкᴋ
l ӏǀⅼɭ
m мᴍ
n ոпηɴ
o οоօσᴏ
p рρ
q ԛգ
r гᴦʀ
s ѕꜱʂ
t тτᴛ
u υսᴜцµ
v νѵᴠ
w ԝωѡᴡա
x хχ
y уγүʏ
z ᴢʐ
0 Ө
3 ЗӠ
- −‐‑‒–—―
' ʼʹ‘’′`
/ ⁄∕
: ։ː
"""
LOOKS_LIKE: dict[str, str] = {
    glyph: row[0] for row in _ROWS.strip().splitlines() for glyph in row[2:] if not glyph.isascii()
} | {
    "ß": "ss",
    "ẞ": "SS",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Þ": "P",
    "þ": "p",
    "ħ": "h",
}

# The first look-alike of each ASCII letter from Cyrillic or Greek, for writing texts in disguise.
DISGUISE: dict[str, str] = {
    row[0]: row[2] for row in _ROWS.strip().splitlines() if row[0].isalpha() and "\u0370" <= row[2] <= "\u052f"
}
