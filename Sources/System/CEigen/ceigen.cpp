#include "ceigen.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/SparseCholesky>

#include <limits>

namespace {

using RowMajorMatrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using MatrixView = Eigen::Map<RowMajorMatrix>;
using ConstantMatrixView = Eigen::Map<const RowMajorMatrix>;

CEigenStatus cholesky(const ConstantMatrixView &covariance, MatrixView lower) {
  if (!covariance.allFinite()) return CEigenNotFinite;
  const Eigen::LLT<RowMajorMatrix, Eigen::Lower> factors(covariance);
  if (factors.info() != Eigen::Success) return CEigenNotPositiveDefinite;

  const RowMajorMatrix factor = factors.matrixL();
  // 256: rounding errors of earlier pivots grow with the condition of what they divide.
  const double rounding =
      256 * static_cast<double>(covariance.rows()) * std::numeric_limits<double>::epsilon();
  for (Eigen::Index k = 0; k < factor.rows(); ++k) {
    const double pivot = factor(k, k) * factor(k, k);
    if (!(pivot > rounding * covariance(k, k))) return CEigenNotPositiveDefinite;
  }
  lower = factor;
  return CEigenOK;
}

CEigenStatus principalComponents(
    const ConstantMatrixView &covariance, Eigen::Map<Eigen::VectorXd> eigenvalues,
    MatrixView eigenvectors) {
  if (!covariance.allFinite()) return CEigenNotFinite;
  const Eigen::SelfAdjointEigenSolver<RowMajorMatrix> solver(covariance);
  if (solver.info() != Eigen::Success) return CEigenNoConvergence;

  // Eigen sorts in ascending order and keeps the vectors in columns.
  eigenvalues = solver.eigenvalues().reverse();
  eigenvectors = solver.eigenvectors().rowwise().reverse().transpose();
  return CEigenOK;
}

}  // namespace

CEigenStatus ceigen_cholesky(const double *covariance, int d, double *lower) {
  if (covariance == nullptr || lower == nullptr || d < 1) return CEigenBadArgument;
  try {
    return cholesky(ConstantMatrixView(covariance, d, d), MatrixView(lower, d, d));
  } catch (...) {
    // Eigen itself throws nothing but bad_alloc; whatever comes must not reach a C caller.
    return CEigenOutOfMemory;
  }
}

CEigenStatus ceigen_principal_components(
    const double *covariance, int d, double *eigenvalues, double *eigenvectors) {
  if (covariance == nullptr || eigenvalues == nullptr || eigenvectors == nullptr || d < 1) {
    return CEigenBadArgument;
  }
  try {
    return principalComponents(
        ConstantMatrixView(covariance, d, d), Eigen::Map<Eigen::VectorXd>(eigenvalues, d),
        MatrixView(eigenvectors, d, d));
  } catch (...) {
    return CEigenOutOfMemory;
  }
}

struct ceigen_factors {
  Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>, Eigen::Lower> solver;
};

CEigenStatus ceigen_sparse_factor(
    int n, const int *starts, const int *rows, const double *values, ceigen_factors **factors) {
  if (n < 1 || starts == nullptr || rows == nullptr || values == nullptr || factors == nullptr) {
    return CEigenBadArgument;
  }
  ceigen_factors *result = nullptr;
  try {
    result = new ceigen_factors;
    const Eigen::Map<const Eigen::SparseMatrix<double>> matrix(
        n, n, starts[n], starts, rows, values);
    result->solver.compute(matrix);
    if (result->solver.info() == Eigen::Success && result->solver.vectorD().minCoeff() > 0) {
      *factors = result;
      return CEigenOK;
    }
    delete result;
    return CEigenNotPositiveDefinite;
  } catch (...) {
    delete result;
    return CEigenOutOfMemory;
  }
}

CEigenStatus ceigen_sparse_solve(const ceigen_factors *factors, double *values) {
  if (factors == nullptr || values == nullptr) return CEigenBadArgument;
  try {
    Eigen::Map<Eigen::VectorXd> vector(values, factors->solver.rows());
    const Eigen::VectorXd solution = factors->solver.solve(vector);
    vector = solution;
    return CEigenOK;
  } catch (...) {
    return CEigenOutOfMemory;
  }
}

void ceigen_sparse_free(ceigen_factors *factors) { delete factors; }
