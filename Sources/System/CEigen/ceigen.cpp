#include "ceigen.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

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
