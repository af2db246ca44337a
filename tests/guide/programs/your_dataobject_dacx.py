from dataclasses import dataclass


@dataclass
class YourParams:
    greeting: str
    name: str
