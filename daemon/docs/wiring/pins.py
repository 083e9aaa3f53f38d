#!/usr/bin/env python3
"""Draws pins.svg: the 40-pin header with the parts of the wall. `python3 pins.py` writes it anew beside this file.

A part is told by its letter and by its colour, so that a black and white print says the same.
"""

from html import escape
from pathlib import Path

# Physical pins 1 to 40: what the header has there.
HEADER = """
3.3 V|5 V
GPIO 2|5 V
GPIO 3|GND
GPIO 4|GPIO 14
GND|GPIO 15
GPIO 17|GPIO 18
GPIO 27|GND
GPIO 22|GPIO 23
3.3 V|GPIO 24
GPIO 10|GND
GPIO 9|GPIO 25
GPIO 11|GPIO 8
GND|GPIO 7
GPIO 0|GPIO 1
GPIO 5|GND
GPIO 6|GPIO 12
GPIO 13|GND
GPIO 19|GPIO 16
GPIO 26|GPIO 20
GND|GPIO 21
"""

# Letter, colour, what it is.
PARTS = {
    "P": ("#8ec5ff", "panel on SPI bus 0 (TFT, OLED, LED modules)"),
    "L": ("#ff9d8f", "lamps, through transistors"),
    "Z": ("#ffd34d", "buzzer, through a transistor"),
    "B": ("#b7e08a", "button"),
    "S": ("#d9b3ff", "strip of WS2812 lights, on SPI bus 1"),
    "+": ("#ffffff", "power and ground, to share"),
}

# Physical pin: the part's letter and what goes there.
USES = {
    1: ("+", "panels and OLEDs of 3.3 V"),
    2: ("+", "strip, LED modules"),
    4: ("+", "5 V buzzer, 5 V relays"),
    6: ("+", "transistors"),
    9: ("+", ""),
    11: ("s", "bus 1: left free"),
    12: ("s", "bus 1: left free"),
    14: ("+", ""),
    15: ("Z", "buzzer-pin"),
    16: ("P", "backlight-pin, if any"),
    17: ("+", "panels and OLEDs of 3.3 V"),
    18: ("P", "reset-pin"),
    19: ("P", "MOSI: SDI, SDA, DIN"),
    20: ("+", "panel"),
    21: ("p", "MISO: left free"),
    22: ("P", "dc-pin"),
    23: ("P", "SCLK: SCK, D0, CLK"),
    24: ("P", "chip select 0: CS"),
    25: ("+", "second panel"),
    26: ("P", "chip select 1: second CS"),
    27: ("x", "not for us"),
    28: ("x", "not for us"),
    29: ("L", "red-pin"),
    30: ("+", "transistors"),
    31: ("L", "amber-pin"),
    32: ("Z", "passive buzzer: PWM 0"),
    33: ("L", "green-pin"),
    34: ("+", "strip"),
    35: ("s", "bus 1: left free"),
    36: ("s", "bus 1: left free"),
    37: ("B", "button's pin"),
    38: ("S", "MOSI: strip's DIN"),
    39: ("+", "button"),
    40: ("s", "bus 1: left free"),
    8: ("x", "serial console"),
    10: ("x", "serial console"),
}

ROW, TOP, MIDDLE, WIDTH = 34, 96, 430, 860


def text(x, y, words, anchor="start", size=15, weight=400):
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}">{escape(words)}</text>'
    )


def pin(number, name):
    """One pin: its number, what the header has there, and what goes there."""
    left = number % 2 == 1
    side = -1 if left else 1
    y = TOP + (number - 1) // 2 * ROW
    letter, told = USES.get(number, ("", "free"))
    colour = PARTS[letter][0] if letter in PARTS else "#ffffff"
    x, anchor = MIDDLE + side * 24, "end" if left else "start"
    dash = ' stroke-dasharray="3 3"' if letter not in PARTS else ""
    shape = (
        f'<rect x="{x - 14}" y="{y - 14}" width="28" height="28" fill="{colour}" stroke="#000"/>'
        if number == 1
        else f'<circle cx="{x}" cy="{y}" r="14" fill="{colour}" stroke="#000"{dash}/>'
    )
    drawn = [shape, text(x, y + 5, str(number), "middle", 14, 700)]
    drawn.append(text(MIDDLE + side * 48, y + 5, name, anchor, 15, 700))
    if letter in PARTS and letter != "+":
        box = MIDDLE + side * 134
        drawn.append(f'<rect x="{box - 12}" y="{y - 12}" width="24" height="24" rx="4" fill="{colour}" stroke="#000"/>')
        drawn.append(text(box, y + 5, letter, "middle", 15, 700))
    drawn.append(text(MIDDLE + side * 156, y + 5, told, anchor, 14))
    return "\n".join(drawn)


def legend(y):
    drawn = []
    for index, (letter, (colour, told)) in enumerate(PARTS.items()):
        x, row = 40 + index % 2 * 420, y + index // 2 * 32
        drawn.append(f'<rect x="{x}" y="{row - 17}" width="24" height="24" rx="4" fill="{colour}" stroke="#000"/>')
        drawn.append(text(x + 12, row, letter, "middle", 15, 700))
        drawn.append(text(x + 36, row, told))
    return "\n".join(drawn)


def drawing():
    names = [name for line in HEADER.split("\n") if line for name in line.split("|")]
    assert len(names) == 40 and set(USES) <= set(range(1, 41))
    bottom = TOP + 20 * ROW
    pins = "\n".join(pin(number, name) for number, name in enumerate(names, 1))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 130}" font-family="'DejaVu Sans', Arial, sans-serif">
<title>The 40-pin header of a Raspberry Pi 3, 4 or 5 with the parts of the wall</title>
<rect width="{WIDTH}" height="{bottom + 130}" fill="#fff"/>
{text(MIDDLE, 34, "Raspberry Pi 3, 4, 5: the 40-pin header", "middle", 22, 700)}
{text(MIDDLE, 60, "seen from above, USB sockets down; pin 1 is the square, the even pins are at the board's edge", "middle", 14)}
<rect x="{MIDDLE - 44}" y="{TOP - 20}" width="88" height="{20 * ROW + 6}" rx="6" fill="none" stroke="#000" stroke-width="2"/>
{pins}
{legend(bottom + 28)}
{text(MIDDLE, bottom + 120, "Dashed: nothing of ours goes there. Bus 1 keeps its other pins for itself where a strip is on it.", "middle", 14)}
</svg>
"""


if __name__ == "__main__":
    Path(__file__).with_name("pins.svg").write_text(drawing(), encoding="utf-8")
