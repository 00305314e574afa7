#!/bin/sh
# A walk through the command line on a small tree, printed like a recorded session. Each step is checked, so this is
# a test as well: it ends with an error where the output is not what the step is about.
#   sh benches/walkthrough.sh [RCM]      RCM: the command, "rcm" unless given ("python -m rcm")
set -eu
rcm_command=${1:-rcm}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT INT TERM
RCM_HOME=$place/home NO_COLOR=1 PAGER=cat
export RCM_HOME NO_COLOR PAGER

rcm() { $rcm_command "$@"; }

say() { printf '\n# %s\n' "$*"; }

# Prints a command line as typed, runs it, prints what it says; $out has that for `expect`.
run() {
    printf '$ %s\n' "$1"
    code=0
    out=$(eval "$1" 2>&1) || code=$?
    [ -z "$out" ] || printf '%s\n' "$out"
    [ "$code" -eq "${2:-0}" ] || { echo "walkthrough: exit status $code, not ${2:-0}" >&2; exit 1; }
}

# The last output has to match each of these expressions.
expect() {
    for pattern in "$@"; do
        printf '%s\n' "$out" | grep -Eq -e "$pattern" ||
            { echo "walkthrough: the output has no line like: $pattern" >&2; exit 1; }
    done
}

expect_not() {
    ! printf '%s\n' "$out" | grep -Eq -e "$1" || { echo "walkthrough: the output has: $1" >&2; exit 1; }
}

mkdir -p "$place/shop/src" "$place/shop/tests" "$place/shop/.git"
cd "$place/shop"
cat >src/orders.py <<'EOF'
"""Orders: what a customer has put into the cart, and what it costs."""

FREE_SHIPPING_FROM = 50_00


class Order:
    """A cart that was paid for."""

    def __init__(self, items):
        self.items = items

    def total(self):
        """Return the price of all items in cents, shipping included."""
        price = sum(item.price for item in self.items)
        return price + shipping_cost(price)


def shipping_cost(price):
    """Return what it costs to send a parcel; nothing for large orders."""
    return 0 if price >= FREE_SHIPPING_FROM else 4_90
EOF
cat >src/payment.rs <<'EOF'
/// Asks the bank for the money, and asks again when it does not answer.
pub struct PaymentClient {
    retries: u32,
}

impl PaymentClient {
    /// Sends one request, waiting twice as long before each further attempt.
    pub fn charge(&self, cents: u64) -> Result<(), BankError> {
        for attempt in 0..self.retries {
            if self.send(cents).is_ok() {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(100 << attempt));
        }
        Err(BankError::NoAnswer)
    }
}
EOF
cat >tests/test_orders.py <<'EOF'
from src.orders import Order, shipping_cost


def test_large_orders_are_sent_for_nothing():
    assert shipping_cost(60_00) == 0
EOF
printf '# Shop\n\nOrders are charged by `PaymentClient`.\n' >README.md
printf 'bank_token = "%s"\n' "glpat-$(printf 'Zk3vQ9xT')$(printf '2mWp7LrB4nYc')" >src/settings.py

say "Ask. A tree without an index is indexed first."
run 'rcm search "what happens when the bank does not answer" -k 1'
expect '^src/payment.rs:[0-9-]+ +PaymentClient'

say "One identifier leads to its definition; where else it is used, grep tells, completely."
run 'rcm search --symbol shipping_cost'
expect '^src/orders.py' 'def shipping_cost'
run 'rcm grep -w shipping_cost'
expect '^src/orders.py:[0-9]+:def shipping_cost' '^tests/test_orders.py:5:'

say "Only code, only structs, no tests; and lines around what was found."
run 'rcm search "order price" -l --class code --class docs -g "!tests/**"'
expect '^src/orders.py$'
expect_not '^tests/'
run 'rcm search "ask the bank" --kind struct -k 1 -C 2'
expect 'pub struct PaymentClient'

say "For editors, one line a place; for programs, JSON."
run 'rcm search "free shipping" -k 1 --vimgrep'
expect '^src/orders.py:[0-9]+:[0-9]+:'
run 'rcm grep --jsonl FREE_SHIPPING_FROM | head -n 1'
expect '^\{"path": "src/orders.py", "line": 3,'

say "The answer is that of the files as they are now."
run 'sed -i.bak s/shipping_cost/parcel_price/ src/orders.py && rm src/orders.py.bak'
run 'rcm search parcel_price -k 1'
expect '^src/orders.py' 'parcel_price[(]price[)]'

say "Secrets are in no index and in no answer."
run 'rcm secrets'
expect '^src/settings.py:1: '
run 'rcm grep bank_token'
expect 'bank_token = "<secret:'

say "Code like the code at a line."
run 'rcm related src/payment.rs:8 -k 1'
expect '^src/orders.py|^README.md|^tests/'

say "What is kept, whether it is sound and up to date, and how to get rid of it."
run 'rcm status'
expect 'fresh'
run 'rcm doctor --full'
run 'rcm list'
expect '^1 index, '
cd "$place" && mv shop sold
run 'rcm prune --dry-run'
expect '\[tree is gone\]'
run 'rcm prune --yes'
expect '^deleted 1 index'
run 'rcm list' 1
expect '^0 indexes'
