"""Goal: `penstock bench ratios` says which ratios there are, before it measures any.

Method: the real binary, asked for one that is not there.
"""

import os
import subprocess
import unittest

BINARY = os.environ["PENSTOCK_BINARY"]
DEADLINE = 60


class Names(unittest.TestCase):
    def test_a_name_that_is_none_gets_those_that_are_and_no_measurement(self):
        run = subprocess.run([BINARY, "bench", "ratios", "--only", "ring_throughput_32"], capture_output=True,
                             timeout=DEADLINE, text=True)
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(run.stdout, "")
        self.assertIn('unknown ratio "ring_throughput_32"; there are: ring, chain, ', run.stderr)
        self.assertIn("row_repartition", run.stderr)


if __name__ == "__main__":
    unittest.main()
