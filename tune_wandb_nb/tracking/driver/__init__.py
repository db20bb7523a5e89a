"""``WandbLogger``: from Tune's hooks over the session and the writer to the audit."""
