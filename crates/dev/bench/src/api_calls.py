"""Calls an AWS IoT endpoint by boto3 as fast as a few processes can, and prints what came of it.

usage: api_calls.py ENDPOINT REGION PROCESSES CALLS   (key id and secret in the environment)
"""

import json
import multiprocessing
import sys
import time

import boto3
from botocore.config import Config


def client(endpoint, region):
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    return boto3.client("iot", endpoint_url=endpoint, region_name=region, config=config)


def create(iot, name):
    iot.create_thing(thingName=name, attributePayload={"attributes": {"site": "north"}})


def describe(iot, name):
    assert iot.describe_thing(thingName=name)["thingName"] == name


CALLS = {"CreateThing": create, "DescribeThing": describe}


def work(endpoint, region, process, count, call, start, done):
    iot = client(endpoint, region)
    act = CALLS[call]
    start.wait()
    for number in range(count):
        act(iot, f"bench-{process}-{number}")
    done.put(count)


def measure(endpoint, region, processes, count, call):
    start, done = multiprocessing.Barrier(processes + 1), multiprocessing.Queue()
    workers = [
        multiprocessing.Process(
            target=work, args=(endpoint, region, number, count // processes, call, start, done)
        )
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    start.wait()
    begun = time.monotonic()
    for worker in workers:
        worker.join()
    seconds = time.monotonic() - begun
    calls = sum(done.get() for worker in workers if worker.exitcode == 0)
    return {"calls": calls, "seconds": seconds}


if __name__ == "__main__":
    endpoint, region, processes, count = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:5])
    for call in CALLS:
        print(json.dumps({"call": call} | measure(endpoint, region, processes, count, call)), flush=True)
        # The caller reads the server's processor time here, and says when to go on.
        sys.stdin.readline()
