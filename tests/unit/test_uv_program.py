import subprocess
import sys
import textwrap

THREADS = textwrap.dedent("""
    import sys
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    from dalston_cli.launchers.local.uv_program import find_uv

    sys.setswitchinterval(1e-6)
    together = Barrier(8)

    def ask(_):
        together.wait()
        return find_uv()

    with ThreadPoolExecutor(8) as pool:
        [found] = set(pool.map(ask, range(8)))
    print(found)
""")


def test_threads_that_ask_for_uv_at_once_all_find_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", THREADS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("uv")
