import Lattice
import MeanField
import LatticeSupport
import Testing
import Unaries

/// What every pairwise kernel promises, checked over a scene that it accepts.
package struct KernelConformance {
  package let kernel: any PairwiseKernel

  package init(_ kernel: any PairwiseKernel) {
    self.kernel = kernel
  }

  /// Runs every check.
  package func check(_ scene: Scene) throws {
    let place: Comment = "\(kernel.name)"
    let features = try kernel.features(for: scene)
    #expect(features.points == scene.grid.count, place)
    #expect(features.dimensions >= 1, place)
    #expect(!kernel.name.isEmpty)
    let values = Self.values(features)
    let areFinite = values.allSatisfy { $0.isFinite }
    #expect(areFinite, place)
    let isRepeatable = Self.values(try kernel.features(for: scene)) == values
    #expect(isRepeatable, place)
    if let grid = features.grid {
      #expect(grid.extents == scene.grid.extents, place)
      let arePositive = grid.bandwidths.allSatisfy { $0 > 0 }
      #expect(arePositive, place)
    }
    try checkInference(scene, place)
  }

  /// A CRF of this kernel alone keeps marginals that are probabilities.
  private func checkInference(_ scene: Scene, _ place: Comment) throws {
    var generator = SeededGenerator(seed: 77)
    let unary = try EnergyField(
      grid: scene.grid, labelCount: 3,
      planes: (0..<3 * scene.grid.count).map { _ in 4 * generator.uniform() })
    let crf = try DenseCRF(
      scene: scene, unary: unary, terms: [PairwiseTerm(kernel, weight: 1)])
    let marginals = crf.marginals(iterations: 3).values
    for point in 0..<marginals.points {
      let row = (0..<3).map { marginals[point, $0] }
      let isDistribution =
        row.allSatisfy { $0 >= 0 && $0 <= 1 } && abs(row.reduce(0, +) - 1) < 1e-5
      #expect(isDistribution, "\(place), point \(point)")
      if !isDistribution { return }
    }
  }

  private static func values(_ features: FeatureMatrix) -> [Float] {
    (0..<features.points).flatMap { point in
      (0..<features.dimensions).map { features[point, $0] }
    }
  }
}
