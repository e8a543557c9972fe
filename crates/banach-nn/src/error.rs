//! What can go wrong, with the facts to act on.

/// A network specification that cannot be built. Layers and categories count from 0 in the fields, from
/// 1 in messages.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The skip connection's width differs from the layer's.
    #[error(
        "hidden layer {} has {width} units, but its connection adds {} units{}: both must be as \
         wide",
        index + 1,
        from.map_or("no".to_owned(), |from| from.to_string()),
        if from.is_none() { " (it reaches beyond the input)" } else { "" }
    )]
    Connection {
        /// The layer, from 0.
        index: usize,
        /// Its units.
        width: usize,
        /// Units that are added; `None` for a connection that begins before the input.
        from: Option<usize>,
    },
    /// Highway layers with normalization.
    #[error("hidden layer {} is a highway layer, which takes no normalization", index + 1)]
    HighwayNormalization {
        /// The layer, from 0.
        index: usize,
    },
    /// Too few or too many hidden layers.
    #[error("a network has 1 to {max} hidden layers, got {got}")]
    Layers {
        /// Layers asked for.
        got: usize,
        /// Most layers allowed.
        max: usize,
    },
    /// A hidden layer without units.
    #[error("hidden layer {} has width 0; widths start at 1", index + 1)]
    Width {
        /// The layer, from 0.
        index: usize,
    },
    /// An output layer without units.
    #[error("the output layer has no units; it needs at least 1")]
    NoOutputs,
    /// Nothing enters the network.
    #[error("the network has no input units; it needs at least 1 number or category")]
    NoInputs,
    /// A category without codes or units, or with lists that are not finite or not of equal length.
    #[error(
        "category input {} needs at least 1 code and 1 unit, and finite lists of equal length",
        index + 1
    )]
    Category {
        /// The category column, from 0.
        index: usize,
    },
    /// A dropout rate out of range.
    #[error("the dropout rate must be in [0, 1), got {got}")]
    DropoutRate {
        /// The rate asked for.
        got: f64,
    },
    /// SELU parameters that are no self-normalizing activation.
    #[error(
        "SELU needs finite alpha, lambda and variance above 0 and a finite mean, \
         got alpha {alpha}, lambda {lambda}, mean {mean}, variance {variance}"
    )]
    Selu {
        /// Alpha asked for.
        alpha: f64,
        /// Lambda asked for.
        lambda: f64,
        /// Mean of the fixed point.
        mean: f64,
        /// Variance of the fixed point.
        variance: f64,
    },
    /// Alpha dropout after another activation.
    #[error(
        "alpha dropout goes with SELU only: it sets units to SELU's lower limit and corrects mean \
         and variance for that, so after another activation it would shift the statistics it is \
         there to keep; use ordinary dropout with relu"
    )]
    AlphaDropoutNeedsSelu,
    /// Ordinary dropout after SELU.
    #[error(
        "SELU goes with alpha dropout only: setting units to 0 changes the mean and variance that \
         make the network self-normalizing; use alpha dropout with selu"
    )]
    SeluNeedsAlphaDropout,
    /// More parameters than can be addressed.
    #[error("the network has more parameters than this machine's memory can address")]
    TooLarge,
}

/// Data that does not fit together or does not fit a network. Rows, labels and positions count from 0
/// in the fields, from 1 in messages.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A buffer of the wrong length.
    #[error("{what} has {got} entries, expected {expected}")]
    Length {
        /// Which buffer.
        what: &'static str,
        /// Length it should have.
        expected: usize,
        /// Length it has.
        got: usize,
    },
    /// Rows of another width than the network takes.
    #[error("each row has {got} {what}, but the network is made for {expected}")]
    RowWidth {
        /// What the rows have: `numbers`, `categories` or `labels`.
        what: &'static str,
        /// How many the network takes.
        expected: usize,
        /// How many the rows have.
        got: usize,
    },
    /// Rows that do not go together.
    #[error(transparent)]
    Append(#[from] banach_data::AppendError),
    /// A workspace that was made for another network.
    #[error("the workspace was made for a network with other layers or another precision")]
    Workspace,
    /// A number that is not finite where the network would compute with it.
    #[error("{what} {} is {value}; it must be finite", index + 1)]
    NotFinite {
        /// Which buffer.
        what: &'static str,
        /// Position in the buffer, from 0.
        index: usize,
        /// The value found.
        value: f32,
    },
    /// A label that is neither 0 nor 1 nor missing.
    #[error(
        "row {}: label {} is {value}; it must be 0, 1 or missing (NaN)",
        row + 1,
        label + 1
    )]
    Label {
        /// Row, from 0.
        row: usize,
        /// Label, from 0.
        label: usize,
        /// The value found.
        value: f32,
    },
    /// A weight that is negative or not finite.
    #[error("the weight of row {} is {value}; it must be finite and at least 0", row + 1)]
    Weight {
        /// Row, from 0.
        row: usize,
        /// The value found.
        value: f32,
    },
    /// A row number beyond the last row.
    #[error("row {} is asked for, but the dataset has only {n_rows} rows", u64::from(*row) + 1)]
    Row {
        /// The row asked for, from 0.
        row: u32,
        /// Number of rows.
        n_rows: usize,
    },
    /// A code beyond the last one.
    #[error("row {}: {what} has code {got}, but there are only {limit} codes", row + 1)]
    Code {
        /// Which codes.
        what: &'static str,
        /// Row, from 0.
        row: usize,
        /// The code found.
        got: u32,
        /// Number of codes.
        limit: usize,
    },
    /// Targets of another kind than the loss is for.
    #[error("the loss {loss} needs {needs} as targets, got {got}")]
    TargetKind {
        /// Name of the loss.
        loss: &'static str,
        /// What it needs.
        needs: &'static str,
        /// What the dataset has.
        got: &'static str,
    },
}

/// A training run that cannot start or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The network cannot be built.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The data does not fit.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A setting outside its range.
    #[error("{name} must be {allowed}, got {got}")]
    Setting {
        /// The setting's name.
        name: &'static str,
        /// Values it may have.
        allowed: &'static str,
        /// The value asked for.
        got: f64,
    },
    /// There is no row to train on.
    #[error("there are no rows to train on")]
    NoRows,
    /// Rows of which none counts.
    #[error("all {rows} {which} rows have weight 0")]
    NoWeight {
        /// `training` or `validation`.
        which: &'static str,
        /// Number of these rows.
        rows: usize,
    },
    /// Batch normalization without rows to take mean and variance over.
    #[error(
        "batch normalization needs at least 2 rows in a batch, got {train_rows} training rows and the \
         batch size {batch_size}"
    )]
    BatchOfOne {
        /// Number of training rows.
        train_rows: usize,
        /// Batch size.
        batch_size: usize,
    },
    /// A saved state that belongs to another run.
    #[error("the saved state does not fit this run: {what} is {got}, expected {expected}")]
    State {
        /// What differs.
        what: &'static str,
        /// Value of this run.
        expected: usize,
        /// Value in the state.
        got: usize,
    },
    /// The loss became NaN or infinite.
    #[error(
        "training diverged: the {which} loss became {value} in epoch {epoch}, step {step}, at \
         learning rate {learning_rate:.3e} (last finite training loss {last_finite})"
    )]
    Diverged {
        /// `training` or `validation`.
        which: &'static str,
        /// What the loss was.
        value: f64,
        /// Epoch, from 1.
        epoch: usize,
        /// Optimizer step, from 1.
        step: u64,
        /// Learning rate of that step.
        learning_rate: f64,
        /// The last finite training loss of a step.
        last_finite: f64,
    },
    /// The interrupt flag was set before the run was done.
    #[error("training was interrupted")]
    Interrupted,
    /// The system refused a thread.
    #[error("could not start {threads} threads: {source}")]
    Threads {
        /// Threads asked for.
        threads: usize,
        /// The system's reason.
        source: std::io::Error,
    },
}
