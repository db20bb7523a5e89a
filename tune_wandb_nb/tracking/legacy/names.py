"""What older Rays called what current ones have elsewhere, and what is gone for good."""

from collections.abc import Mapping

from tune_wandb_nb.tracking.legacy.stand_ins import StandIn

__all__ = ["GONE", "LOGGERS", "STAND_INS"]

_OURS = {
    "WandbLogger": "tune_wandb_nb.tracking.driver.logger:WandbLogger",
    "WandbLoggerCallback": "tune_wandb_nb.tracking.driver.logger:WandbLoggerCallback",
    "WandbTrainableMixin": "tune_wandb_nb.tracking.worker.trainable:WandbTrainableMixin",
    "setup_wandb": "tune_wandb_nb.tracking.worker.setup_wandb:setup_wandb",
    "wandb_mixin": "tune_wandb_nb.tracking.worker.mixin:wandb_mixin",
}
_CALLBACK = {name: _OURS[name] for name in ("WandbLoggerCallback", "setup_wandb")}

LOGGERS: Mapping[str, str] = {
    "JsonLogger": "ray.tune.logger:JsonLoggerCallback",
    "CSVLogger": "ray.tune.logger:CSVLoggerCallback",
    "TBXLogger": "ray.tune.logger:TBXLoggerCallback",
    "UnifiedLogger": "tune_wandb_nb.tracking.legacy.run:TunesLoggers",
    "NoopLogger": "tune_wandb_nb.tracking.legacy.run:TunesLoggers",
    "DEFAULT_LOGGERS": "tune_wandb_nb.tracking.legacy.run:DEFAULT_LOGGERS",
}
"""Names that ``ray.tune.logger`` had -> where they are today."""

_SEARCHERS = ("ax", "bayesopt", "bohb", "hebo", "hyperopt", "nevergrad", "optuna", "zoopt")
_SUGGEST = {"ConcurrencyLimiter", "Repeater", "Searcher", "SearchAlgorithm", "SearchGenerator"}
_FLAML = "pip install flaml, and write from flaml import BlendSearch, CFO."
_GONE_SEARCHERS = {
    "flaml": _FLAML,
    "sigopt": "take another searcher of ray.tune.search, such as OptunaSearch.",
    "skopt": "take another searcher, such as ray.tune.search.bayesopt.BayesOptSearch.",
    "dragonfly": "take another searcher, such as ray.tune.search.bayesopt.BayesOptSearch.",
}
_AS_CALLBACK = (
    "write a subclass of ray.tune.logger.LoggerCallback, with log_trial_result(iteration, trial,"
    " result), for callbacks=."
)
_AS_TUNER = "give the function that starts Ray Train to tune.Tuner (docs/train.md)."

_SESSION = (
    *("report", "checkpoint_dir", "is_session_enabled"),
    *("get_trial_dir", "get_trial_id", "get_trial_name", "get_trial_resources"),
)

STAND_INS: tuple[StandIn, ...] = (
    # Ray 1.x
    StandIn("ray.tune.integration.wandb", names=_OURS),
    StandIn(
        "ray.tune.suggest",
        names={name: f"ray.tune.search:{name}" for name in sorted(_SUGGEST)},
        modern=("ray.tune.search",),
    ),
    *(
        StandIn(f"ray.tune.suggest.{name}", modern=(f"ray.tune.search.{name}",))
        for name in (*_SEARCHERS, "basic_variant", "repeater", "search_generator")
    ),
    *(
        StandIn(f"ray.tune.suggest.{name}", gone={"*": today})
        for name, today in _GONE_SEARCHERS.items()
    ),
    StandIn("ray.tune.suggest.suggestion", modern=("ray.tune.search", "ray.tune.search.searcher")),
    StandIn("ray.tune.suggest.search", modern=("ray.tune.search",)),
    StandIn("ray.tune.suggest.variant_generator", modern=("ray.tune.search.variant_generator",)),
    StandIn("ray.tune.sample", modern=("ray.tune.search.sample",)),
    StandIn("ray.tune.trial", modern=("ray.tune.experiment.trial",)),
    StandIn("ray.tune.function_runner", modern=("ray.tune.trainable",)),
    StandIn("ray.tune.session", names={name: f"ray.tune:{name}" for name in _SESSION}),
    StandIn(
        "ray.tune.integration.mlflow",
        names={"MLflowLoggerCallback": "ray.air.integrations.mlflow:MLflowLoggerCallback"},
        gone={"mlflow_mixin": "call ray.air.integrations.mlflow.setup_mlflow in the function."},
    ),
    StandIn(
        "ray.tune.integration.comet",
        names={"CometLoggerCallback": "ray.air.integrations.comet:CometLoggerCallback"},
    ),
    StandIn("ray.tune.integration.torch", gone={"*": _AS_TUNER}),
    StandIn("ray.tune.integration.horovod", gone={"*": _AS_TUNER}),
    StandIn("ray.tune.ray_trial_executor", gone={"*": "leave out trial_executor=."}),
    StandIn("ray.tune.trial_runner", gone={"*": "use tune.Tuner, or a tune.Callback."}),
    # Ray 2.0 to 2.6
    StandIn("ray.air.callbacks"),
    StandIn("ray.air.callbacks.wandb", names=_CALLBACK, modern=("ray.air.integrations.wandb",)),
    *(
        StandIn(f"ray.air.callbacks.{name}", modern=(f"ray.air.integrations.{name}",))
        for name in ("comet", "keras", "mlflow")
    ),
    StandIn("ray.air.checkpoint", names={"Checkpoint": "ray.train:Checkpoint"}),
    # Current ones, whose classes are Ray's own integration
    StandIn("ray.air.integrations.wandb", names=_CALLBACK),
    # Ray's own file renames the module of the callback that it finds, which would be ours.
    StandIn("ray.tune.logger.wandb", names=_CALLBACK, is_complete=True),
)
"""Every module that is put in the place of one that Ray does not have, parents first."""

GONE: Mapping[str, Mapping[str, str]] = {
    "ray.tune": {
        "track": "report from the function with tune.report(loss=loss).",
        "function": "put the function itself into the config.",
    },
    "ray.tune.logger": {
        "Logger": _AS_CALLBACK,
        "LegacyLoggerCallback": _AS_CALLBACK,
        "MLFLowLogger": "use ray.air.integrations.mlflow.MLflowLoggerCallback in callbacks=.",
        "TFLogger": "use TBXLogger, or nothing: Tune always writes for TensorBoard.",
        "TF2Logger": "use TBXLogger, or nothing: Tune always writes for TensorBoard.",
    },
}
