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
"""Names that ``ray.tune.logger`` had."""

_SEARCHERS = ("ax", "bayesopt", "bohb", "hebo", "hyperopt", "nevergrad", "optuna", "zoopt")
_SUGGEST = ("ConcurrencyLimiter", "Repeater", "SearchAlgorithm", "SearchGenerator", "Searcher")
_BAYESIAN = "take another searcher, such as ray.tune.search.bayesopt.BayesOptSearch."
_GONE_SEARCHERS = {
    "flaml": "pip install flaml, and write from flaml import BlendSearch, CFO.",
    "sigopt": "take another searcher of ray.tune.search, such as OptunaSearch.",
    "skopt": _BAYESIAN,
    "dragonfly": _BAYESIAN,
}
_AS_CALLBACK = (
    "write a subclass of ray.tune.logger.LoggerCallback, with log_trial_result(iteration, trial,"
    " result), for callbacks=."
)
_TENSORBOARD = "use TBXLogger, or nothing: Tune always writes for TensorBoard."
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
        names={name: f"ray.tune.search:{name}" for name in _SUGGEST},
        modern=("ray.tune.search",),
    ),
    *(
        StandIn(f"ray.tune.suggest.{name}", modern=(f"ray.tune.search.{name}",))
        for name in (*_SEARCHERS, "basic_variant", "repeater", "search_generator")
    ),
    *(StandIn(f"ray.tune.suggest.{name}", gone={"*": s}) for name, s in _GONE_SEARCHERS.items()),
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
    # Ray's own integration
    StandIn("ray.air.integrations.wandb", names=_CALLBACK),
    # Ray's file would rename the module of the callback that it finds, which is ours.
    StandIn("ray.tune.logger.wandb", names=_CALLBACK, is_complete=True),
)
"""Parents first."""

GONE: Mapping[str, Mapping[str, str]] = {
    "ray.tune": {
        "track": "report from the function with tune.report(loss=loss).",
        "function": "put the function itself into the config.",
    },
    "ray.tune.logger": {
        "Logger": _AS_CALLBACK,
        "LegacyLoggerCallback": _AS_CALLBACK,
        "MLFLowLogger": "use ray.air.integrations.mlflow.MLflowLoggerCallback in callbacks=.",
        "TFLogger": _TENSORBOARD,
        "TF2Logger": _TENSORBOARD,
    },
}
