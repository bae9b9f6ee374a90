//! Validations after imputation.
