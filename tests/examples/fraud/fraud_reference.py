#!/ usr / bin / env python3
"""The fraud rules once more, as plainly as they can be said: reads payments as JSON lines, writes alerts as JSON lines.

Shares nothing with the engine but the definition of the rules. Usage: fraud_reference.py [RULES] < payments > alerts
"""
import json
import math
import sys
from collections import defaultdict
from datetime import datetime, timedelta

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
WINDOW_US, SLIDE_US = 60_000_000, 10_000_000
DEFAULTS = {
    "version": 0,
    "velocity_limit": 10,
    "velocity_seconds": 60,
    "unusual_payments_min": 8,
    "unusual_deviations": 6.0,
    "unusual_amount_min": 50.0,
    "travel_minutes": 30,
    "window_payments_max": 20,
    "window_spend_max": 2000.0,
    "blocked_merchants": "",
}


def micros(text):
    delta = datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def text_of(moment):
    return (EPOCH + timedelta(microseconds=moment)).isoformat().replace("+00:00", "Z")


def cents(amount):
    return round(amount * 100)


class Card:
    def __init__(self, rules):
        self.rules = rules
        self.times, self.over = [], False
        self.count, self.mean, self.squares = 0, 0.0, 0.0
        self.country, self.at = "", 0
        self.windows = defaultdict(list)  # Amounts by the end of each window.

    def velocity(self, at):
        limit, within = self.rules["velocity_limit"], self.rules["velocity_seconds"]
        over = len(self.times) >= limit and at - self.times[-limit] <= within * 1_000_000
        self.times.append(at)
        crossed, self.over = over and not self.over, over
        return f"{limit + 1} payments within {within} s" if crossed else None

    def unusual_amount(self, amount):
        if self.count >= self.rules["unusual_payments_min"] and amount > self.rules["unusual_amount_min"]:
            deviation = math.sqrt(self.squares / self.count)
            if amount > self.mean + self.rules["unusual_deviations"] * deviation:
                return f"amount {amount:.2f} against a usual {self.mean:.2f} +- {deviation:.2f}"
        self.count += 1
        delta = amount - self.mean
        self.mean += delta / self.count
        self.squares += delta * (amount - self.mean)
        return None

    def impossible_travel(self, country, at):
        before, before_at = self.country, self.at
        self.country, self.at = country, at
        apart = abs(at - before_at)
        if before and before != country and apart < self.rules["travel_minutes"] * 60_000_000:
            return f"{before} and {country} within {apart // 1_000_000} s"
        return None

    def blocked_merchant(self, merchant):
        return f"merchant {merchant} is blocked" if merchant in self.rules["blocked_merchants"].split(",") else None

    def add_to_windows(self, amount, at):
        first = at - at % SLIDE_US + SLIDE_US
        for end in range(first, first + WINDOW_US, SLIDE_US):
            self.windows[end].append(amount)

    def window_alerts(self):
        for end, amounts in self.windows.items():
            spent = sum(map(cents, amounts))
            if len(amounts) > self.rules["window_payments_max"]:
                yield end, "velocity_window", f"{len(amounts)} payments in a window of 60 s"
            if spent > cents(self.rules["window_spend_max"]):
                yield end, "spend_window", f"{spent // 100}.{spent % 100:02d} spent in a window of 60 s"


def main():
    rules = dict(DEFAULTS)
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding="utf-8") as file:
            rules = json.load(file)
    cards = {}

    def alert(rule, name, tx, reason, at):
        print(json.dumps({"rule": rule, "version": rules["version"], "card": name, "tx": tx, "reason": reason,
                          "ts": text_of(at)}))

    for line in sys.stdin:
        payment = json.loads(line)
        if payment["amount"] <= 0:
            continue
        at, name, amount = micros(payment["ts"]), payment["card"], float(payment["amount"])
        card = cards.setdefault(name, Card(rules))
        reasons = [
            ("blocked_merchant", card.blocked_merchant(payment["merchant"])),
            ("velocity", card.velocity(at)),
            ("unusual_amount", card.unusual_amount(amount)),
            ("impossible_travel", card.impossible_travel(payment["country"], at)),
        ]
        card.add_to_windows(amount, at)
        for rule, reason in reasons:
            if reason:
                alert(rule, name, payment["tx"], reason, at)
    for name, card in cards.items():
        for end, rule, reason in card.window_alerts():
            alert(rule, name, 0, reason, end - 1)


if __name__ == "__main__":
    main()
