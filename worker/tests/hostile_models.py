"""Models that do to their inputs, their results and the process what no model should.

`HOSTILE` names each kind: a model, and what its document may name as the exception; None is a result. `PROBE` is a
model that says how it has found the process.
"""

from __future__ import annotations

PARAMETERS = {"a": 1.5, "list": [1, 2, 3], "text": "clay"}

PROBE = """
import atexit, builtins, codecs, decimal, gc, json, linecache, locale, logging, math, os, random, resource, signal
import socket, subprocess, sys, tempfile, threading, time, warnings
try:
    input()
except EOFError:
    answer = "EOFError"
loop = __import__("asyncio").new_event_loop()
loop.close()
state = {
    "answer": answer,
    "parameters": parameters,
    "names": sorted(globals()),
    "builtins": [sorted(vars(builtins)), print is builtins.print, dict(a=1), isinstance(1, int), len([1])],
    "folder": [os.path.basename(os.getcwd())[:9], sorted(os.listdir("."))],
    "arguments": sys.argv,
    "path": sys.path[1:],
    "finders": [repr(one).split(" at ")[0] for one in sys.meta_path + sys.path_hooks],
    "environment": sorted(os.environ.items()),
    "mask": os.umask(0o022),
    "limits": [resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")],
    "interpreter": [
        sys.getrecursionlimit(), sys.getswitchinterval(), sys.gettrace() is None, sys.getprofile() is None,
        getattr(threading, "gettrace", lambda: None)() is None, gc.isenabled(),
        [getattr(gc, name, int)() for name in ("get_threshold", "get_debug")], len(getattr(gc, "callbacks", [])),
        threading.stack_size(), socket.getdefaulttimeout(),
    ],
    "signals": [str(signal.getsignal(one)).split(" at ")[0] for one in range(1, signal.NSIG)],
    "blocked": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ()))),
    "timers": [signal.getitimer(one) for one in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)],
    "locale": locale.setlocale(locale.LC_ALL),
    "zone": [time.tzname, time.localtime(0).tm_hour],
    "logging": [
        logging.root.level, len(logging.root.handlers), logging.root.manager.disable, logging.getLevelName(20),
        [name for name, one in logging.root.manager.loggerDict.items() if getattr(one, "handlers", None)],
    ],
    "warnings": [repr(warnings.filters), len(warnings.onceregistry)],
    "decimal": [repr(decimal.getcontext()), repr(decimal.DefaultContext)],
    "codecs": [codecs.lookup_error(one).__name__ for one in ("strict", "replace", "backslashreplace")],
    "math": [math.sin(0.5), math.pi, json.dumps({"a": 1}), os.path.join("a", "b"), time.time() > 1e9, hash((1, 2))],
    "streams": [type(one).__name__ for one in (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__)],
    "descriptors": [os.path.exists("/proc/self/fd/%d" % one) for one in range(3)],
    "process": subprocess.run(["cat"], stdout=subprocess.PIPE).returncode,
    "temporary": tempfile.gettempdir(),
    "modules": [name for name in ("helper", "fake", "stubborn") if name in sys.modules],
    "loop": str(type(__import__("asyncio").get_event_loop_policy()).__name__),
    "start": __import__("multiprocessing").get_start_method(allow_none=True),
}
numpy = sys.modules.get("numpy")
result["numpy"] = [numpy.geterr(), {**numpy.get_printoptions()}] if numpy else None
result["state"], result["random"] = state, random.random()
print("healthy")
"""

_LEFT = "import threading, time, sys\n"

HOSTILE: dict[str, tuple[str, str | None] | tuple[str, str | None, str | None]] = {
    # Inputs
    "an input changed in place to what is no JSON": ("parameters['list'][0] = object()\nresult['a'] = 1", None),
    "an input that holds itself": ("parameters['list'].append(parameters)\nresult['a'] = 1", None),
    "inputs cleared": ("parameters.clear(); case.clear()\nresult['a'] = 1", None),
    "inputs that are not a number any more": ("parameters['a'] = float('nan')\nresult['a'] = 1", None),
    # Results
    "a result that holds itself": ("result['a'] = result", "UnusableResult"),
    "a result nested deeply": ("a = []\nfor _ in range(10**5):\n    a = [a]\nresult['a'] = a", "UnusableResult"),
    "a result that is another object": ("result = object()", "UnusableResult"),
    "a result that was deleted": ("del result", "UnusableResult"),
    "a dict that does not say what it holds": (
        "class D(dict):\n    def items(self):\n        raise SystemExit(0)\nresult = D(a=1)",
        "UnusableResult", "SystemExit",
    ),
    "a text with a method of its own": (
        "class T(str):\n    def __str__(self):\n        return 1\n    def __len__(self):\n        return -1\n"
        "result['a'] = T('clay')", None, "TypeError",
    ),
    "a number that is none": (
        "class N(float):\n    def __float__(self):\n        raise KeyboardInterrupt\nresult['a'] = N(1.5)",
        None, "KeyboardInterrupt",
    ),
    "an object that says that it is a number": (
        "class N:\n    __class__ = float\n    def __float__(self):\n        raise MemoryError\nresult['a'] = N()",
        "UnusableResult", "MemoryError",
    ),
    "half a character": ("result['a\\ud800'] = 'x\\ud800'\nprint('\\ud800')", None),
    "a gigabyte in the result": ("result['a'] = 'x' * 2**30", "UnusableResult"),
    "a gigabyte of texts in the result": ("result['a'] = ['x' * 2**20] * 1024", "UnusableResult"),
    # Exceptions
    "an exception without a message": (
        "class E(Exception):\n    def __str__(self):\n        raise SystemExit\n    __repr__ = __str__\nraise E", "E",
    ),
    "an exception whose message is no text of Python's": (
        "class T(str):\n    def __getitem__(self, _):\n        raise MemoryError\n"
        "class E(Exception):\n    def __str__(self):\n        return T('strange')\nraise E", "E",
    ),
    "an exception that lies about its class and traceback": (
        "class E(Exception):\n    __class__ = property(lambda self: 1 / 0)\n"
        "    __traceback__ = property(lambda self: 1 / 0)\nraise E('so')", "E", "AttributeError",
    ),
    "an exception of a strange class": (
        "class M(type):\n    __name__ = property(lambda self: 1 / 0)\n    __module__ = __name__\n"
        "class E(Exception, metaclass=M):\n    pass\nraise E('so')", "E",
    ),
    "an endless chain of exceptions": (
        "error = None\nfor _ in range(30000):\n    one = ValueError('x')\n    one.__context__ = error\n"
        "    error = one\nraise error", "ValueError",
    ),
    "a message of a hundred megabytes": ("raise ValueError('x' * 10**8)", "ValueError"),
    "an end without a word": ("raise SystemExit('no mesh')", "SystemExit"),
    "an exit that is no number": (
        "class C:\n    def __eq__(self, other):\n        raise MemoryError\nraise SystemExit(C())", "MemoryError",
    ),
    "its own Ctrl-C": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "Ctrl-C by a signal to itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGINT)", "KeyboardInterrupt"),
    "SIGTERM to itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", "KeyboardInterrupt"),
    "an interrupted main thread": (
        "import _thread, time\n_thread.interrupt_main()\nfor _ in range(1000):\n    time.sleep(0.001)",
        "KeyboardInterrupt",
    ),
    "the exit of a generator": ("raise GeneratorExit", "GeneratorExit"),
    "endless recursion": ("def f():\n    f()\nf()", "RecursionError"),
    "the memory is full": (
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))\na = []\nwhile True:\n"
        "    a.append(bytearray(2**26))", "MemoryError",
    ),
    "a syntax error": ("x = (", "SyntaxError"),
    "a zero in the source": ("x = 1\0", "SyntaxError", "ValueError"),
    # The interpreter
    "a low recursion limit": (
        "import sys\nfor limit in range(5, 1000):\n    try:\n        sys.setrecursionlimit(limit)\n        break\n"
        "    except RecursionError:\n        pass\nresult['a'] = 1", None,
    ),
    "a trace function that raises": (
        "import sys, threading\ndef f(*_):\n    raise ValueError\nthreading.settrace(f)\nsys.settrace(f)",
        None, "ValueError",
    ),
    "a profile function that raises": (
        "import sys, threading\ndef f(*_):\n    raise ValueError\nthreading.setprofile(f)\nsys.setprofile(f)",
        "ValueError",
    ),
    "no garbage collection": ("import gc\ngc.disable()\ngc.set_threshold(1, 1, 1)\ngc.callbacks.append(None)", None),
    "hooks of its own": (
        "import sys, threading\nsys.excepthook = sys.displayhook = sys.unraisablehook = threading.excepthook = None\n"
        "sys.exit = sys._getframe = None\nraise ValueError", "ValueError",
    ),
    "an object that raises when it goes": (
        "class C:\n    def __del__(self):\n        raise SystemExit\nc = C()\nresult['c'] = 1", None,
    ),
    # Names
    "builtins of its own": (
        "import builtins\nfor name in ('print', 'open', 'dict', 'isinstance', 'len', 'str', 'type', '__import__',\n"
        "             'Exception', 'BaseException', 'getattr', 'range'):\n    setattr(builtins, name, None)\n"
        "builtins.surprise = 1", None,
    ),
    "builtins removed": ("import builtins\nvars(builtins).clear()", None, "NameError"),
    "json, os, time and threading of its own": (
        "import json, os, time, threading, socket, http.client, io, traceback, contextlib, shutil\n"
        "json.dumps = json.loads = os.path.join = os.chdir = os.makedirs = os.getpid = time.time = None\n"
        "time.monotonic = time.sleep = threading.Thread = threading.Lock = threading.Event = socket.socket = None\n"
        "http.client.HTTPConnection = io.TextIOWrapper = traceback.format_exception = contextlib.suppress = None\n"
        "shutil.rmtree = os.walk = os.scandir = None\nraise KeyError('k')", "KeyError",
    ),
    "methods of Python's classes of its own": (
        "import json, threading, http.client, logging, subprocess\n"
        "json.JSONEncoder.encode = threading.Thread.start = threading.Event.wait = threading.Event.set = None\n"
        "http.client.HTTPConnection.request = http.client.HTTPResponse.read = logging.Logger.info = None\n"
        "subprocess.Popen.__init__ = None\ndel threading.Thread.join", None,
    ),
    "the time stands still": (
        "import time, datetime\ntime.time = time.monotonic = time.perf_counter = lambda: 0.0\n"
        "time.sleep = lambda _: None", None,
    ),
    "modules removed": ("import sys\nsys.modules.clear()", None),
    "modules that are none": (
        "import sys, types\nfor name in ('json', 'os', 'http.client', 'encodings', 'numpy'):\n"
        "    sys.modules[name] = None\nsys.modules['fake'] = types.ModuleType('fake')", None,
    ),
    "no finders of modules": (
        "import sys\nsys.meta_path.clear(); sys.path_hooks.clear(); sys.path_importer_cache.clear(); sys.path.clear()",
        None,
    ),
    "a finder that raises": (
        "import sys\nclass F:\n    def find_spec(self, *_):\n        raise MemoryError\nsys.meta_path.insert(0, F())\n"
        "sys.path_hooks.insert(0, F)", None,
    ),
    "a helper beside the model": (
        "with open('helper.py', 'w') as file:\n    file.write('value = %r' % case['case_id'])\nimport helper\n"
        "result['is_own'] = helper.value == case['case_id']", None,
    ),
    "encodings of its own": (
        "import codecs\nfor name in ('strict', 'replace', 'backslashreplace', 'surrogateescape'):\n"
        "    codecs.register_error(name, lambda error: 1 / 0)\n"
        "codecs.register(lambda name: 1 / 0)", None,
    ),
    # Output
    "no standard streams": ("import sys\nsys.stdin = sys.stdout = sys.stderr = None\nraise ValueError", "ValueError"),
    "closed streams": (
        "import sys\nfor one in (sys.stdin, sys.stdout, sys.__stdout__, sys.__stderr__):\n    one.close()",
        None, "ValueError",
    ),
    "detached streams": ("import sys\nsys.stdout.detach()\nsys.stdout = 7", None),
    "a hundred megabytes of text": ("for _ in range(100):\n    print('x' * 10**6)", None),
    "a line of a gigabyte": ("import sys\nsys.stdout.write('x' * 2**30)", None),
    "a question to the user": ("input('Press Enter to close ...')", "EOFError"),
    # The operating system
    "descriptors closed": ("import os\nfor one in (0, 1, 2):\n    os.close(one)", None),
    "all descriptors closed": ("import os\nos.closerange(3, 4096)", None),
    "descriptors led elsewhere": (
        "import os\none = os.open('out.txt', os.O_CREAT | os.O_RDWR)\nfor to in range(3):\n    os.dup2(one, to)", None,
    ),
    "all descriptors used": (
        "import os\nwhile True:\n    os.open(os.devnull, os.O_RDONLY)", "OSError",
    ),
    "the scratch folder removed": ("import os, shutil\nshutil.rmtree(os.getcwd())\nresult['a'] = 1", None),
    "the scratch folder locked": ("import os\nos.mkdir('a')\nos.chmod('a', 0)\nos.chmod(os.getcwd(), 0)", None),
    "another working folder": ("import os\nos.chdir('/')", None),
    "the folder of files is a link": ("import os\nos.rmdir('outputs')\nos.symlink('/etc', 'outputs')", None),
    "no environment": (
        "import os, time\nos.environ.clear()\nos.environ['TZ'] = 'Asia/Tokyo'\ntime.tzset()", None,
    ),
    "an environment that is none": ("import os\nos.environ = None", None),
    "no rights for new files": ("import os\nos.umask(0o777)", None),
    "hardly any descriptors allowed": (
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))", None,
    ),
    "no files allowed to grow": ("import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))", None),
    "another language": (
        "import locale\nfor name in ('de_DE.UTF-8', 'C.UTF-8', 'C.utf8', 'POSIX'):\n    try:\n"
        "        locale.setlocale(locale.LC_ALL, name)\n        break\n    except locale.Error:\n        pass", None,
    ),
    "only one processor": ("import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})", None),
    # Signals
    "signals ignored and blocked": (
        "import signal\nfor one in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):\n"
        "    signal.signal(one, signal.SIG_IGN)\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))", None,
    ),
    "an alarm that comes later": ("import signal\nsignal.alarm(1)", None),
    "alarms that raise all the time": (
        "import signal\ndef f(*_):\n    raise ValueError('alarm')\nsignal.signal(signal.SIGALRM, f)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)", None, "ValueError",
    ),
    "a dump of tracebacks later": ("import faulthandler\nfaulthandler.dump_traceback_later(1, exit=True)", None),
    # What goes on
    "a thread that prints for ever": (
        _LEFT + "def f():\n    while True:\n        print('left', 'behind')\n        time.sleep(0.01)\n"
        "threading.Thread(target=f, daemon=True).start()", None,
    ),
    "a stubborn thread that prints for ever": (
        _LEFT + "def f(print=print, sleep=time.sleep, error=BaseException):\n    while True:\n        try:\n"
        "            print('left', 'behind')\n            sleep(0.05)\n        except error:\n            pass\n"
        "threading.Thread(target=f, daemon=True).start()\n"
        "import _thread\n_thread.start_new_thread(f, ())", None,
    ),
    "a thread that is no daemon": (
        _LEFT + "def f(sleep=time.sleep):\n    while True:\n        sleep(0.05)\nthreading.Thread(target=f).start()",
        None,
    ),
    "a timer that starts itself again": (
        _LEFT + "def f():\n    print('left behind')\n    one = threading.Timer(0.01, f)\n    one.daemon = True\n"
        "    one.start()\nf()", None,
    ),
    "a thread with a trace of the next one": (
        _LEFT + "def f(out=sys, sleep=time.sleep):\n    for _ in range(20):\n        out.stdout.write('left behind')\n"
        "        sleep(0.01)\nthreading.Thread(target=f, daemon=True).start()", None,
    ),
    "the worker's own thread ended": (
        "import ctypes, threading\nfor one in threading.enumerate():\n    if one.name == 'cruncher-keeper':\n"
        "        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(one.ident), ctypes.py_object(SystemExit))",
        None,
    ),
    "a process that goes on": (
        "import multiprocessing, time\n"
        "multiprocessing.get_context('fork').Process(target=time.sleep, args=(600,), daemon=True).start()", None,
    ),
    "a fork that goes on as the model": ("import os\nresult['is_child'] = os.fork() == 0", None),
    "calls at the end that raise": (
        "import atexit\natexit.register(lambda: 1 / 0)\natexit.register(exit, 3)\nresult['a'] = 1", None,
    ),
    # Settings of Python's modules
    "logging of its own": (
        "import logging\nlogging.basicConfig(filename='outputs/run.log', level=1)\nlogging.disable(50)\n"
        "logging.getLogger('footing').addHandler(logging.StreamHandler())\nlogging.addLevelName(20, 'REMARK')\n"
        "class H(logging.Handler):\n    def close(self):\n        raise MemoryError\nlogging.root.addHandler(H())\n"
        "logging.Logger.manager.loggerDict.clear()", None,
    ),
    "warnings are errors": (
        "import warnings\nwarnings.simplefilter('error')\nwarnings.catch_warnings().__enter__()", None,
    ),
    "decimals of two digits": (
        "import decimal\ndecimal.getcontext().prec = decimal.DefaultContext.prec = 2\n"
        "decimal.getcontext().traps[decimal.Inexact] = True", None,
    ),
    "NumPy's errors are raised": (
        "import numpy\nnumpy.seterr(all='raise')\nnumpy.set_printoptions(precision=1, suppress=True)\n"
        "numpy.random.seed(0)\nimport random\nrandom.seed(0)", None,
    ),
    "an event loop that was closed": ("import asyncio\nasync def f():\n    pass\nasyncio.run(f())", None),
    "processes are started in another way": ("import multiprocessing\nmultiprocessing.set_start_method('spawn')", None),
}  # fmt: skip
