//! Book and README: their code, compiled and run as doc tests.
