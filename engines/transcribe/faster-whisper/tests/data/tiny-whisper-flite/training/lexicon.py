"""Lexicon + sentence templates for the tiny flite-speech recogniser.  gen(rng) -> list of words + end mark."""

NAMES = ["Alice", "Bob", "Carol", "David", "Emma", "Frank", "Grace", "Henry"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DIG = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
NUM = DIG[1:] + ["ten", "eleven", "twelve", "twenty", "thirty", "forty", "fifty"]
COL = ["red", "green", "blue", "yellow", "black", "white"]
ADJ = [
    "new",
    "old",
    "big",
    "small",
    "cold",
    "warm",
    "good",
    "late",
    "early",
    "ready",
    "open",
    "closed",
]
NOUN = [
    "meeting",
    "report",
    "call",
    "email",
    "letter",
    "office",
    "phone",
    "number",
    "table",
    "door",
    "window",
    "car",
    "train",
    "station",
    "coffee",
    "water",
    "kitchen",
    "garden",
    "school",
    "house",
    "book",
    "project",
    "budget",
    "team",
    "customer",
    "order",
    "ticket",
    "message",
    "dog",
    "cat",
    "weather",
    "morning",
]
PLACE = ["office", "station", "kitchen", "garden", "school", "house", "table", "window", "door"]
THING = [
    "report",
    "email",
    "letter",
    "book",
    "budget",
    "order",
    "ticket",
    "message",
    "number",
    "phone",
    "coffee",
    "water",
    "car",
]
FUNC = [
    "a",
    "the",
    "to",
    "at",
    "on",
    "in",
    "of",
    "for",
    "with",
    "from",
    "and",
    "please",
    "me",
    "my",
    "your",
    "we",
    "you",
    "I",
    "it",
    "this",
    "that",
    "is",
    "are",
    "not",
    "will",
    "can",
    "back",
    "today",
    "tomorrow",
    "again",
    "now",
    "thank",
    "hello",
    "good",
    "what",
    "when",
    "where",
]
VERB = [
    "call",
    "send",
    "open",
    "close",
    "move",
    "start",
    "write",
    "buy",
    "find",
    "need",
    "want",
    "have",
    "like",
    "see",
    "meet",
    "bring",
    "check",
    "was",
]
LEX = sorted(
    set(NAMES + DAYS + MONTHS + DIG + NUM + COL + ADJ + NOUN + PLACE + THING + FUNC + VERB)
)

T = [
    "Please call me back TIME .",
    "Please call NAME back TIME .",
    "Please send the THING to NAME .",
    "Please send me the THING .",
    "Please bring the COL THING to the PLACE .",
    "Please check the THING and call me back .",
    "Send the THING to NAME and NAME .",
    "Send the NEWOLD THING to the customer TIME .",
    "The meeting is on DAY at NUM .",
    "The meeting is at NUM TODAY .",
    "The meeting with NAME is on DAY .",
    "The WHAT is in the PLACE .",
    "The COL THING is on the table .",
    "The WHAT is ADJ .",
    "The WHAT was ADJ on DAY .",
    "The WHAT is not ADJ TODAY .",
    "The WHAT and the WHAT are ADJ .",
    "My phone number is D D D D .",
    "My phone number is D D D D D D .",
    "Your number is D D D .",
    "My ticket number is D D D D D .",
    "The order number is D D D D .",
    "The train to the PLACE is ADJ .",
    "We will meet at the PLACE TIME .",
    "We will start the project in MONTH .",
    "We will move the meeting to DAY .",
    "We can meet NAME on DAY at NUM .",
    "We need NUM WHAT2 and NUM WHAT2 .",
    "I will call you back TIME .",
    "I will send the THING to NAME TIME .",
    "I want to buy a ADJ WHAT .",
    "I need a COL car and a COL house .",
    "I have NUM WHAT2 in the PLACE .",
    "I like the COL door and the COL window .",
    "I like my ADJ dog .",
    "I can see the COL cat in the PLACE .",
    "You can find the THING in the PLACE .",
    "You will need the THING on DAY .",
    "NAME will call you at NUM .",
    "NAME and NAME will meet in MONTH .",
    "NAME will bring the ADJ THING .",
    "NAME is in the PLACE with NAME .",
    "NAME was at the PLACE on DAY .",
    "NAME is not ready .",
    "It is NUM in the morning .",
    "It is ADJ in MONTH .",
    "It was a ADJ meeting .",
    "This is NAME from the PLACE .",
    "This is the ADJ budget for MONTH .",
    "This WHAT is for NAME .",
    "That is a good THING .",
    "Thank you NAME .",
    "Thank you for the THING .",
    "Hello NAME this is NAME .",
    "Hello this is NAME from the office .",
    "Good morning NAME .",
    "Good morning this is NAME .",
    "When is the meeting ?",
    "When will NAME call me back ?",
    "Where is the COL THING ?",
    "Where is NAME TODAY ?",
    "What is your phone number ?",
    "What is in the PLACE ?",
    "What is the budget for MONTH ?",
    "Can you call me back TIME ?",
    "Can you send the THING to NAME ?",
    "Can we meet on DAY ?",
    "Can you open the window please ?",
    "Is the WHAT ADJ ?",
    "Is NAME in the PLACE ?",
    "Are you ready ?",
    "Close the COL door please .",
    "Open the WHAT now .",
    "Write a letter to NAME .",
    "Write the THING again .",
    "Start the car and close the door .",
    "Buy NUM WHAT2 on DAY .",
    "Find the COL book and the ADJ phone .",
    "MONTH and MONTH are cold .",
    "DAY MONTH NUM .",
    "D D D D D D D .",
    "We have NUM customer THING TODAY .",
    "The team will start on MONTH NUM .",
    "The weather in MONTH is ADJ .",
]
CAT = dict(
    NAME=NAMES,
    DAY=DAYS,
    MONTH=MONTHS,
    D=DIG,
    NUM=NUM,
    COL=COL,
    ADJ=ADJ,
    NEWOLD=["new", "old"],
    PLACE=PLACE,
    THING=THING,
    WHAT=NOUN,
    WHAT2=["book", "car", "house", "table", "dog", "cat", "email", "letter", "ticket", "message"],
    TODAY=["today", "tomorrow", "now", "again"],
)
PROPER = set(NAMES + DAYS + MONTHS + ["I"])
ENDS = (".", "?")


def gen(rng):
    if rng.random() < 0.18:  # word salad: keeps the acoustics honest
        toks = [rng.choice(LEX) for _ in range(rng.randint(3, 8))] + ["."]
    else:
        toks = []
        for w in rng.choice(T).split():
            if w == "TIME":
                w = rng.choice(
                    [
                        "today",
                        "tomorrow",
                        "now",
                        "on DAY",
                        "at NUM",
                        "on DAY at NUM",
                        "in the morning",
                        "again",
                    ]
                )
            for x in w.split():
                toks.append(rng.choice(CAT[x]) if x in CAT else x)
    toks = [t if t in PROPER else t.lower() for t in toks]
    toks[0] = toks[0][0].upper() + toks[0][1:]
    return toks[:-1], toks[-1]


def word_pieces():
    """every ' word' piece the tokenizer must own (lower case / sentence-initial)"""
    out = []
    for w in LEX:
        for v in {w, w[0].upper() + w[1:]}:
            out.append(" " + v)
    return sorted(set(out)) + list(ENDS)
