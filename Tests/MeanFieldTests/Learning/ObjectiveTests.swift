import LatticeSupport
import MeanField
import Testing

/// Objectives by hand and against differences.
@Suite struct ObjectiveTests {
  /// Three labels at four points, the last of them void.
  private static let labels: [UInt16] = [0, 0, 2, 255]

  private static func marginals(
    _ q: [Double] = [0.7, 0.5, 0.1, 0.2, 0.2, 0.3, 0.3, 0.3, 0.1, 0.2, 0.6, 0.5]
  ) -> DoubleField {
    DoubleField(points: 4, channels: 3, planes: q)
  }

  private static let all: [LearningObjective] = [
    .logLikelihood(epsilon: 0.01), .logLikelihood(over: .all), .hamming(power: 0),
    .hamming(power: 0.2), .hamming(power: 1), .weightedHamming([1, 2, 3]), .iou(),
    .iou(over: .all), .crossEntropy(), .crossEntropy(weights: [1, 2, 0.5]),
    .focal(gamma: 2), .focal(gamma: 0.5, weights: [1, 2, 0.5]), .focal(gamma: 0),
  ]

  @Test("values by hand")
  func values() {
    func value(_ objective: LearningObjective) -> Double {
      objective.evaluate(Self.marginals(), Self.labels).value
    }
    let mean = (logarithm(0.7) + logarithm(0.5) + logarithm(0.6)) / 3
    #expect(abs(value(.logLikelihood()) - mean) < 1e-15)
    #expect(abs(value(.logLikelihood(over: .all)) - mean * 3 / 4) < 1e-15)
    #expect(abs(value(.crossEntropy()) + mean) < 1e-15)
    #expect(abs(value(.hamming(power: 0)) - 1.8 / 3) < 1e-15)
    // The average over labels 0 and 2: label 1 does not occur.
    #expect(abs(value(.hamming(power: 1)) - (1.2 / 2 + 0.6) / 2) < 1e-15)
    // Unions: label 0 has two points and 0.1 at the third; label 2 one point, and 0.1 + 0.2.
    let (first, last) = (1.2 / 2.1, 0.6 / 1.3)
    #expect(abs(value(.iou()) - (first + last) / 2) < 1e-15)
    #expect(abs(value(.iou(over: .all)) - (first + last) / 3) < 1e-15)
    #expect(abs(value(.focal(gamma: 0)) + mean) < 1e-15)
  }

  @Test("gradients are the slopes of the values, and 0 where a point is void", arguments: all)
  func slopes(objective: LearningObjective) {
    let q = Self.marginals()
    let (_, gradient) = objective.evaluate(q, Self.labels)
    // Central differences in float64: step² times a third derivative below 100, and 1e-16 / step.
    let step = 1e-6
    for point in 0..<4 {
      for label in 0..<3 {
        var (above, below) = (q, q)
        above[point, label] += step
        below[point, label] -= step
        let difference =
          (objective.evaluate(above, Self.labels).value
            - objective.evaluate(below, Self.labels).value) / (2 * step)
        #expect(abs(gradient[point, label] - difference) < 1e-8)
        if point == 3 { #expect(gradient[point, label] == 0) }
      }
    }
  }

  @Test("a batch is the mean of its labelled images, or one large image", arguments: all)
  func batches(objective: LearningObjective) {
    let other = Self.marginals([0.2, 0.4, 0.3, 0.9, 0.5, 0.1, 0.6, 0.05, 0.3, 0.5, 0.1, 0.05])
    let labels: [[UInt16]] = [Self.labels, [1, 2, 1, 0], [255, 255, 65535, 3]]
    let images = [Self.marginals(), other, Self.marginals()]
    let single = (0..<3).map { objective.evaluate(images[$0], labels[$0]) }
    let mean = objective.evaluate(images, labels)
    #expect(abs(mean.value - (single[0].value + single[1].value) / 2) < 1e-15)
    #expect(single[2].value == 0)
    let gradient = zip(mean.gradients[1].planes(), single[1].gradient.planes())
    #expect(gradient.allSatisfy { abs($0 - $1 / 2) < 1e-15 })
    #expect(mean.gradients[2].planes().allSatisfy { $0 == 0 })

    let pooled = objective.evaluate(images, labels, reduction: .pooled)
    let joined = DoubleField(
      points: 12, channels: 3,
      planes: (0..<3).flatMap { label in
        images.flatMap { image in
          (0..<4).map { image[$0, label] }
        }
      })
    let whole = objective.evaluate(joined, labels.flatMap { $0 })
    #expect(abs(pooled.value - whole.value) < 1e-15)
    for (index, gradient) in pooled.gradients.enumerated() {
      for point in 0..<4 {
        for label in 0..<3 {
          #expect(gradient[point, label] == whole.gradient[4 * index + point, label])
        }
      }
    }
  }

  @Test("a probability of 0 has a finite value and no gradient")
  func underflow() {
    let q = Self.marginals([0, 0.5, 0.1, 0.2, 0.9, 0.3, 0.3, 0.3, 0.1, 0.2, 0.6, 0.5])
    for objective in [LearningObjective.crossEntropy(), .logLikelihood(), .focal(gamma: 2)] {
      let (value, gradient) = objective.evaluate(q, Self.labels)
      #expect(value.isFinite && gradient[0, 0].isFinite)
    }
    #expect(LearningObjective.crossEntropy().evaluate(q, Self.labels).gradient[0, 0] == 0)
  }
}
