#!/usr/bin/env python3
"""The fraud rules once more, as plainly as they can be said: reads payments as JSON lines, writes alerts as JSON lines.

Shares nothing with the engine but the definition of the rules. Usage: fraud_reference.py < payments > alerts
"""
import json
import math
import sys
from datetime import datetime

VELOCITY_LIMIT, VELOCITY_WITHIN_US = 10, 60_000_000
PAYMENTS_MIN, DEVIATIONS, AMOUNT_MIN = 8, 6.0, 50.0
TRAVEL_MIN_US = 30 * 60 * 1_000_000


def micros(text):
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    delta = moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


class Card:
    def __init__(self):
        self.times, self.over = [], False
        self.count, self.mean, self.squares = 0, 0.0, 0.0
        self.country, self.at = "", 0

    def velocity(self, at):
        over = len(self.times) == VELOCITY_LIMIT and at - self.times[0] <= VELOCITY_WITHIN_US
        self.times = (self.times + [at])[-VELOCITY_LIMIT:]
        crossed, self.over = over and not self.over, over
        if crossed:
            return f"{VELOCITY_LIMIT + 1} payments within {VELOCITY_WITHIN_US // 1_000_000} s"
        return None

    def unusual_amount(self, amount):
        if self.count >= PAYMENTS_MIN and amount > AMOUNT_MIN:
            deviation = math.sqrt(self.squares / self.count)
            if amount > self.mean + DEVIATIONS * deviation:
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
        if before and before != country and apart < TRAVEL_MIN_US:
            return f"{before} and {country} within {apart // 1_000_000} s"
        return None


def main():
    cards = {}
    for line in sys.stdin:
        payment = json.loads(line)
        if payment["amount"] <= 0:
            continue
        at = micros(payment["ts"])
        card = cards.setdefault(payment["card"], Card())
        reasons = [
            ("velocity", card.velocity(at)),
            ("unusual_amount", card.unusual_amount(float(payment["amount"]))),
            ("impossible_travel", card.impossible_travel(payment["country"], at)),
        ]
        for rule, reason in reasons:
            if reason:
                print(json.dumps({"rule": rule, "card": payment["card"], "tx": payment["tx"], "reason": reason}))


if __name__ == "__main__":
    main()
