import MeanField

/// What an inference came to.
package struct Solution {
  package var marginals: Marginals
  package var iterations: Int
  /// Of a marginal in the last update; `nil` where nobody watched.
  package var largestChange: Float?
  /// At Q⁰ and after each update; empty unless asked for.
  package var energies: [MeanFieldEnergy] = []
  /// What the exact filter left out; `nil` with other filters.
  package var exact: ExactReport?
}

/// What the exact filter left out.
package struct ExactReport {
  package var settings: ExactSettings
  /// `nil` where every pair was evaluated.
  package var skipped: SkippedPairs?
  /// Of the resulting marginals.
  package var errorBound: Float
}

/// What became of a kernel's features.
package struct FeatureReport {
  package var kernel: String
  package var dimensions: Int
  /// The share of variance that the principal components kept; `nil` without a reduction.
  package var explainedVariance: Double?
}
