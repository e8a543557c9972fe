"""From a CSV file to a model with scikit-learn, as its guide has it for columns of both kinds.

Usage: sklearn_fit.py DATA.csv TARGET EPOCHS BATCH_SIZE MODEL
"""

import sys
import warnings

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

data, target, epochs, batch_size, out = sys.argv[1:]
# All epochs are run, whatever the loss does.
warnings.filterwarnings("ignore", message="Stochastic Optimizer")
table = pd.read_csv(data)
y = table.pop(target)
# As many rows to learn from as banach takes: a fifth is kept for validation.
x_train, x_valid, y_train, y_valid = train_test_split(table, y, test_size=0.2, random_state=0)
numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
categories = OneHotEncoder(handle_unknown="ignore")
encoder = ColumnTransformer(
    [
        ("numbers", numbers, make_column_selector(dtype_include="number")),
        ("categories", categories, make_column_selector(dtype_exclude="number")),
    ],
    sparse_threshold=0.0,
)
network = MLPClassifier(
    hidden_layer_sizes=(256, 256, 256),
    solver="adam",
    batch_size=int(batch_size),
    max_iter=int(epochs),
    n_iter_no_change=int(epochs),
    tol=0.0,
    early_stopping=False,
    random_state=0,
)
model = make_pipeline(encoder, network).fit(x_train, y_train)
joblib.dump(model, out)
print(model.score(x_valid, y_valid))
