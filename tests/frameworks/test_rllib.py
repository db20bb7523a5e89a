"""RLlib with several agents: classes and functions in its config, and nested metrics."""

from __future__ import annotations

from pathlib import Path

from ray import tune
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.examples.envs.classes.multi_agent import MultiAgentCartPole

import tune_wandb_nb as tw
from tests.frameworks.test_recipes import values
from tests.searches import RunSearch, offline_runs


def test_a_search_with_several_agents(run_search: RunSearch, tmp_path: Path) -> None:
    config = (
        PPOConfig()
        .environment(MultiAgentCartPole, env_config={"num_agents": 2})
        .env_runners(num_env_runners=0)
        .callbacks(RLlibCallback)
        .training(lr=tune.grid_search([1e-4, 1e-3]), train_batch_size_per_learner=128)
        .training(minibatch_size=64, num_epochs=1)
        .multi_agent(
            policies={"p0", "p1"},
            policy_mapping_fn=lambda agent, episode, **_: f"p{agent}",
        )
        .rl_module(
            rl_module_spec=MultiRLModuleSpec(
                rl_module_specs={"p0": RLModuleSpec(), "p1": RLModuleSpec()}
            )
        )
    )
    logger = tw.WandbLogger(project="p", mode="offline", excludes=["timers", "fault_tolerance"])
    stop = {"training_iteration": 2}
    results = run_search(
        "PPO", config, logger=logger, stop=stop, tune_config={"reuse_actors": False}
    )
    assert not results.errors
    runs = offline_runs(tmp_path)
    assert set(runs) == {result.metrics["trial_id"] for result in results}
    assert sorted(run.config["lr"] for run in runs.values()) == [1e-4, 1e-3]
    for run in runs.values():
        assert values(run, "training_iteration") == [1, 2]
        assert len(values(run, "learners/p0/policy_loss")) == 2
        assert len(values(run, "learners/p1/policy_loss")) == 2
        assert not [name for row in run.rows for name in row if name.startswith("timers")]
        assert "gamma" in run.config
