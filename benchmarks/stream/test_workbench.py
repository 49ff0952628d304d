"""Tries what the commands share."""
import http.server
import subprocess
import threading
import unittest

import workbench


class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class WaitUntilReady(unittest.TestCase):
    def test_a_stranger_at_the_address_is_not_taken_for_the_daemon(self):
        with http.server.HTTPServer(("127.0.0.1", 0), Healthy) as stranger:
            threading.Thread(target=stranger.serve_forever, daemon=True).start()
            daemon = subprocess.Popen(["sleep", "60"])
            with self.assertRaisesRegex(SystemExit, "another program"):
                workbench.wait_until_ready(daemon, f"http://127.0.0.1:{stranger.server_port}")
            self.assertNotEqual(0, daemon.wait(10))
            stranger.shutdown()

    def test_a_daemon_that_ends_is_reported(self):
        daemon = subprocess.Popen(["sh", "-c", "echo no room >&2; exit 1"], stderr=subprocess.PIPE, text=True)
        with self.assertRaisesRegex(SystemExit, "no room"):
            workbench.wait_until_ready(daemon, "http://127.0.0.1:1")


if __name__ == "__main__":
    unittest.main()
