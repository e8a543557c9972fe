//! Self-normalizing networks: layers, specification, losses, optimisers, schedules and the training loop
#![forbid(unsafe_code)]
