//! Predictions for tables.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use banach_data::{EncodeReport, Encoder, Features, Schema, Table, TargetEncoder, Task};
use banach_nn::{LayerMoments, NetworkSpec, Pool, Workspace};

use crate::calibration::Calibration;
use crate::error::Error;
use crate::inputs::network_features;
use crate::member::MemberKind;
use crate::model::{Model, schema};
use crate::options::PredictOptions;
use crate::output::OutputRule;
use crate::prediction::Predictions;

/// A model made ready to predict: weights laid out for the kernels, threads waiting.
///
/// It owns what it needs, can be shared between threads (`Send + Sync`) and cloned at the price of a
/// reference count. A row's prediction has the same bits alone, among others, with any number of threads
/// and from any thread. A call takes the predictor's threads if they are idle; a second call at the same
/// time works on its own thread alone, so that concurrent callers neither wait nor multiply threads.
#[derive(Clone)]
pub struct Predictor {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones of a predictor have in common.
pub(crate) struct Shared {
    pub(crate) encoders: Vec<Encoder>,
    pub(crate) schema: Schema,
    pub(crate) target: TargetEncoder,
    pub(crate) rule: OutputRule,
    pub(crate) members: Vec<Ready>,
    pub(crate) options: PredictOptions,
    idle: Mutex<Vec<Crew>>,
}

/// A member made ready.
pub(crate) struct Ready {
    pub(crate) encoder: usize,
    pub(crate) network: banach_nn::Predictor,
}

/// Threads, and the memory that they work in.
struct Crew {
    pool: Pool,
    /// One for each member.
    workspaces: Vec<Workspace>,
}

impl Crew {
    fn new(members: &[Ready], threads: usize) -> Result<Self, Error> {
        let pool = Pool::new(threads).map_err(|source| Error::Threads { threads, source })?;
        let workspaces = members
            .iter()
            .map(|member| member.network.workspace(threads));
        Ok(Self {
            workspaces: workspaces.collect(),
            pool,
        })
    }
}

impl fmt::Debug for Predictor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Predictor")
            .field("members", &self.shared.members.len())
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

impl Model {
    /// Makes ready to predict. The predictor is independent of the model.
    ///
    /// # Errors
    /// [`Error::Threads`] if the system refuses the threads.
    pub fn predictor(&self, options: &PredictOptions) -> Result<Predictor, Error> {
        Predictor::new(self, options)
    }
}

impl Predictor {
    fn new(model: &Model, options: &PredictOptions) -> Result<Self, Error> {
        let ready = |member: &crate::Member| match &member.kind {
            MemberKind::Network(network) => Ready {
                encoder: member.encoder,
                network: banach_nn::Predictor::new(network, options.precision),
            },
        };
        let members: Vec<Ready> = model.members().iter().map(ready).collect();
        let total: f64 = model.members().iter().map(|member| member.weight).sum();
        let shares = model.members().iter();
        let crew = Crew::new(&members, options.threads.max(1))?;
        Ok(Self {
            shared: Arc::new(Shared {
                encoders: model.encoders().to_vec(),
                schema: schema(model.encoders()),
                rule: OutputRule {
                    task: model.task(),
                    n_outputs: model.target().n_outputs(),
                    calibration: model.calibration(),
                    members: shares
                        .map(|member| (member.weight / total, member.output))
                        .collect(),
                },
                target: model.target().clone(),
                members,
                options: *options,
                idle: Mutex::new(vec![crew]),
            }),
        })
    }

    /// The columns that a table for prediction must have; the cells of a single row come in this order.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.shared.schema
    }

    /// How outputs become predictions: task, names and classes of the target.
    #[must_use]
    pub fn target(&self) -> &TargetEncoder {
        &self.shared.target
    }

    /// What is predicted.
    #[must_use]
    pub fn task(&self) -> Task {
        self.shared.rule.task
    }

    /// What stands between scores and probabilities.
    #[must_use]
    pub fn calibration(&self) -> Calibration {
        self.shared.rule.calibration
    }

    /// Predicts all rows of a table and reports cells unlike those of training.
    ///
    /// # Errors
    /// [`Error::Data`] when the table lacks a column or has cells of another type, and, if the options
    /// say so, for a category that did not occur in training.
    pub fn predict(&self, table: &Table) -> Result<(Predictions, EncodeReport), Error> {
        let (features, report) = self.encode(table)?;
        let mut crew = self.crew()?;
        let outputs = self.outputs(&features, &mut crew);
        self.rest(crew);
        let (rule, target) = (&self.shared.rule, &self.shared.target);
        Ok((rule.predictions(&outputs?, table.n_rows(), target), report))
    }

    /// Predicts the rows of an Arrow record batch, whose columns are found by name.
    ///
    /// # Errors
    /// As [`Predictor::predict`].
    #[cfg(feature = "arrow")]
    pub fn predict_batch(
        &self,
        batch: &arrow_array::RecordBatch,
    ) -> Result<(Predictions, EncodeReport), Error> {
        let options = banach_data::ReadOptions {
            schema: Some(self.shared.schema.clone()),
            ..banach_data::ReadOptions::default()
        };
        let batches = std::slice::from_ref(batch);
        let table = Table::from_record_batches("record batch", &batch.schema(), batches, &options)?;
        self.predict(&table)
    }

    /// For each member, mean and variance of its input and of every layer's activations over the rows of
    /// a table; the last entry is the output layer's.
    ///
    /// # Errors
    /// As [`Predictor::predict`].
    pub fn moments(&self, table: &Table) -> Result<Vec<Vec<LayerMoments>>, Error> {
        let (features, _) = self.encode(table)?;
        let mut crew = self.crew()?;
        let members = self.shared.members.iter().zip(&mut crew.workspaces);
        let moments = members.map(|(member, workspace)| {
            let features = features_for(member, &features);
            Ok(member.network.moments(workspace, &features)?)
        });
        let moments = moments.collect();
        self.rest(crew);
        moments
    }

    /// The features of each encoder.
    fn encode(&self, table: &Table) -> Result<(Vec<Features>, EncodeReport), Error> {
        let unknown = self.shared.options.unknown_categories;
        let mut all = Vec::with_capacity(self.shared.encoders.len());
        let mut first_report = None;
        for encoder in &self.shared.encoders {
            let (features, report) = encoder.encode(table, unknown)?;
            all.push(features);
            // Encoders of one model see the same cells; what is unusual to the first stands for all.
            first_report.get_or_insert(report);
        }
        Ok((all, first_report.unwrap_or_default()))
    }

    /// Outputs of each member, [n_rows, n_outputs] row-major.
    fn outputs(&self, features: &[Features], crew: &mut Crew) -> Result<Vec<Vec<f32>>, Error> {
        let members = self.shared.members.iter().zip(&mut crew.workspaces);
        let outputs = members.map(|(member, workspace)| {
            let features = features_for(member, features);
            Ok(member
                .network
                .outputs(workspace, &mut crew.pool, &features)?)
        });
        outputs.collect()
    }

    /// Idle threads, or else the calling one alone.
    fn crew(&self) -> Result<Crew, Error> {
        let idle = self.idle().pop();
        idle.map_or_else(|| Crew::new(&self.shared.members, 1), Ok)
    }

    /// Puts threads back; of those with one thread only some are worth their memory.
    fn rest(&self, crew: Crew) {
        const MOST_IDLE: usize = 64;
        let mut idle = self.idle();
        if idle.len() < MOST_IDLE {
            // The largest crew is taken first.
            let at = idle.partition_point(|other| other.pool.threads() <= crew.pool.threads());
            idle.insert(at, crew);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Crew>> {
        // A panic elsewhere leaves the list of crews intact.
        let idle = self.shared.idle.lock();
        idle.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The features that a member takes.
fn features_for<'a>(member: &Ready, features: &'a [Features]) -> std::borrow::Cow<'a, Features> {
    let features = &features[member.encoder];
    let spec: &NetworkSpec = member.network.spec();
    match crate::inputs::shifted_fixed_point(crate::inputs::first_activation(spec)) {
        None => std::borrow::Cow::Borrowed(features),
        Some(_) => std::borrow::Cow::Owned(network_features(features.clone(), spec)),
    }
}
