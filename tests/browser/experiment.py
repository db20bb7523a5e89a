"""A notebook's first cell: `experiment`, a search whose names and errors are full of markup."""

SETUP = """
import logging, os, time
from tests.joining import join_ray
from ray import tune
import tune_wandb_nb as tw
join_ray()

EVIL = '<img src=x onerror="window.hacked=1">'

def train(config):
    for i in range(config["results"]):
        tune.report({"score": config["x"] * i, f"{EVIL}a/b c%": float(i)})
        time.sleep(config["pause"])
    if config["fails"]:
        raise ValueError(EVIL)

def experiment(samples, results, pause, fails=False):
    space = {"x": tune.uniform(0, 1), "act": tune.choice(["relu", EVIL]), "results": results,
             "pause": pause, "fails": fails}
    return tw.Experiment(
        train, param_space=space,
        tune_config=tune.TuneConfig(metric="score", mode="max", num_samples=samples),
        run_config=tune.RunConfig(name="mygroup", storage_path=os.path.abspath("results")),
        wandb=WANDB,
    )
"""
