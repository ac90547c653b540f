import LatticeSupport
import TestSupport
import Testing
import Unaries

/// A provider, and a scene that it can score.
struct UnaryCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let scene: Scene
  let make: @Sendable (Parallelism) throws -> any Unary

  init(
    _ name: String, _ extents: [Int],
    _ make: @escaping @Sendable (Parallelism) throws -> any Unary
  ) {
    testDescription = name
    scene = Scene(grid: try! GridShape(extents))
    self.make = make
  }
}

/// Grids of more than one piece of work each, so that several threads have something to do.
private let cases: [UnaryCase] = [
  UnaryCase("logits", [120, 161]) {
    try ScoreMapUnary(
      RandomScores(labels: 5, extents: [120, 161]).array(.channelsFirst), kind: .logits,
      layout: .channelsFirst, parallelism: $0)
  },
  UnaryCase("upsampled logits, labels last", [120, 161]) {
    try ScoreMapUnary(
      RandomScores(labels: 4, extents: [15, 21]).array(.channelsLast), kind: .logits,
      layout: .channelsLast, parallelism: $0)
  },
  UnaryCase("probabilities", [120, 161]) {
    try ScoreMapUnary(
      RandomScores(labels: 3, extents: [120, 161]).softmax().array(.channelsFirst),
      kind: .probabilities, layout: .channelsFirst, parallelism: $0)
  },
  UnaryCase("energies of a volume", [11, 40, 50]) {
    try ScoreMapUnary(
      RandomScores(labels: 2, extents: [11, 40, 50]).array(.channelsFirst), kind: .energies,
      layout: .channelsFirst, parallelism: $0)
  },
  UnaryCase("upsampled volume", [12, 40, 52]) {
    try ScoreMapUnary(
      RandomScores(labels: 2, extents: [3, 10, 13]).array(.channelsFirst), kind: .logits,
      layout: .channelsFirst, parallelism: $0)
  },
  UnaryCase("a line of points", [20_000]) {
    try ScoreMapUnary(
      RandomScores(labels: 6, extents: [20_000]).array(.channelsLast), kind: .logits,
      layout: .channelsLast, parallelism: $0)
  },
  UnaryCase("labels", [120, 161]) {
    try LabelUnary(
      LabelMap(grid: GridShape([120, 161]), labels: (0..<120 * 161).map { UInt16($0 % 8) }),
      labelCount: 7, confidence: 0.7, unknown: .zeroUnsure, parallelism: $0)
  },
  UnaryCase("ensemble", [120, 161]) {
    try EnsembleUnary(
      [
        ScoreMapUnary(
          RandomScores(labels: 3, extents: [120, 161]).array(.channelsFirst), kind: .logits,
          layout: .channelsFirst, parallelism: $0),
        ScoreMapUnary(
          RandomScores(labels: 3, extents: [15, 21], seed: 2).array(.channelsFirst), kind: .logits,
          layout: .channelsFirst, parallelism: $0),
      ], weights: [2, 1], parallelism: $0)
  },
  UnaryCase("several scales", [120, 161]) {
    try MultiScaleUnary(
      [[15, 21], [120, 161], [8, 11]].map {
        try RandomScores(labels: 5, extents: $0).array(.channelsFirst)
      }, layout: .channelsFirst, parallelism: $0)
  },
]

@Test("every provider keeps the promises of Unary", arguments: cases)
func providersConform(_ unary: UnaryCase) throws {
  try checkUnary(unary.make, scene: unary.scene)
}
