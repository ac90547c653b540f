#ifndef CEIGEN_H
#define CEIGEN_H

// Eigen's dense solvers for small symmetric matrices and its sparse one for large ones, for callers
// that cannot see C++.
//
// Matrices are d × d doubles, row after row; both triangles of an input must be filled in. No
// exception leaves these functions, and an output is written only where CEigenOK is returned.

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
// Closed: Swift imports the values as an enum that a switch can cover.
#define CEIGEN_CLOSED __attribute__((enum_extensibility(closed)))
#else
#define CEIGEN_CLOSED
#endif

/// What became of a call.
typedef enum CEIGEN_CLOSED CEigenStatus {
  /// The outputs hold the result.
  CEigenOK = 0,
  /// A null pointer, or d < 1.
  CEigenBadArgument = 1,
  /// The matrix holds a NaN or an infinity.
  CEigenNotFinite = 2,
  /// The matrix is not positive definite, or only so by less than rounding error.
  CEigenNotPositiveDefinite = 3,
  /// The eigenvalue iteration did not converge.
  CEigenNoConvergence = 4,
  /// No memory was left for the factors.
  CEigenOutOfMemory = 5
} CEigenStatus;

/// Factors a symmetric positive definite matrix: covariance = lower · lowerᵀ. O(d³).
///
/// Only the lower triangle of `covariance` is read. A pivot below d · 2⁻⁴⁴ of its diagonal entry
/// counts as zero: what is left of it is rounding error.
///
/// - covariance: d × d.
/// - lower: d × d, written; zeros above the diagonal. May not overlap `covariance`.
CEigenStatus ceigen_cholesky(const double *covariance, int d, double *lower);

/// The eigenvalues and eigenvectors of a symmetric matrix, largest eigenvalue first. O(d³).
///
/// Only the lower triangle of `covariance` is read. The sign of an eigenvector is unspecified.
///
/// - covariance: d × d.
/// - eigenvalues: d, written in descending order.
/// - eigenvectors: d × d, written; row i is the unit eigenvector of eigenvalue i.
CEigenStatus ceigen_principal_components(
    const double *covariance, int d, double *eigenvalues, double *eigenvectors);

/// The factors of a sparse symmetric positive definite matrix.
typedef struct ceigen_factors ceigen_factors;

/// Factors a sparse matrix: A = P·L·D·Lᵀ·Pᵀ, in the order of approximate minimum degrees.
///
/// - starts: n + 1 places in `rows` and `values`, one column after the other.
/// - rows, values: the lower triangle, with rows ascending in each column, the diagonal first.
/// - factors: written; to be freed by `ceigen_sparse_free`.
CEigenStatus ceigen_sparse_factor(
    int n, const int *starts, const int *rows, const double *values, ceigen_factors **factors);

/// Replaces the n values of a right hand side by the solution. Threads may share factors.
CEigenStatus ceigen_sparse_solve(const ceigen_factors *factors, double *values);

/// Frees factors; nothing for a null pointer.
void ceigen_sparse_free(ceigen_factors *factors);

#ifdef __cplusplus
}
#endif

#endif
