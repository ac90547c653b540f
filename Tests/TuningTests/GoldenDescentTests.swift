import LatticeSupport
import MeanField
import Pipeline
import TestSupport
import Testing
import Tuning
import Unaries

/// The learning problems of the golden case, from the same starts to the same ends.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct GoldenDescentTests {
  private static let golden = LearningCase.all(ofKind: "lbfgs")

  @Test(arguments: golden.flatMap { golden in golden.runs.map { (golden, $0) } })
  func theLossFallsAsFarAsTheReference(golden: LearningCase, run: AnyJSON) throws {
    let learned: Set<LearnedPart> =
      switch run["id"].string {
      case "weights_only": [.weights]
      case "weights_and_bandwidths": [.weights, .bandwidths]
      default: [.weights, .bandwidths, .compatibility]
      }
    let model = CRFModel(
      terms: try ["bilateral:weight=1,spatial=3,color=60", "gaussian:weight=1,spatial=1"].map {
        try CRFModel.Term($0)
      }, iterations: Int(run["iterations"].number ?? 0))
    let learner = try Learner(
      from: Plan(model), on: Self.images(golden),
      LearningOptions(
        learned, sums: .exact, iterations: 100, l2: run["l2"].number ?? 0, patience: nil))
    let (value, gradient) = try learner.loss(at: learner.start)
    let expected = run["expected"]
    let start = try #require(expected["objective_start"].number)
    #expect(abs(value - start) <= 1e-8 * start)
    // The reference has both weights first, then σ_xy, σ_rgb and σ_γ, then μ.
    let names = [
      "bilateral.weight", "gaussian.weight", "bilateral.spatial", "bilateral.color",
      "gaussian.spatial",
    ]
    let places = learner.parameters.indices.sorted { first, second in
      func rank(_ place: Int) -> (Int, Int) {
        (names.firstIndex(of: learner.parameters[place].name) ?? names.count, place)
      }
      return rank(first) < rank(second)
    }
    #expect(
      relativeDifference(places.map { gradient[$0] }, expected["gradient_start"].numbers) <= 1e-7)
    let outcome = try learner.run()
    let l2 = zip(learner.parameters, outcome.curve[outcome.taken].values).reduce(0) {
      let (parameter, value) = $1
      let moved =
        parameter.isLogarithm ? logarithm(value / parameter.start) : value - parameter.start
      return $0 + (run["l2"].number ?? 0) / 2 * moved * moved
    }
    let final = try #require(expected["objective_final"].number)
    // Other optimisers end within 2·10⁻⁴ of it.
    #expect(outcome.curve[outcome.taken].training.loss + l2 <= 1.01 * final)
    #expect(outcome.curve[outcome.taken].evaluations <= 120)
  }

  private static func images(_ golden: LearningCase) throws -> [TuningImage] {
    let grid = try golden.grid()
    let (unary, images, labels) = try (
      golden.input("unary"), golden.input("image"), golden.input("labels")
    )
    let count = unary.shape[0]
    return try (0..<count).map { index in
      let planes = images.image(index, of: count)
      let sample = TuningImage.Sample(
        scene: Scene(
          try Image(
            grid: grid, channels: 3,
            pixels: .floats(
              planes.indices.map { Float(planes[$0 % 3 * grid.count + $0 / 3]) }))),
        energies: try EnergyField(
          grid: grid, labelCount: unary.shape[1],
          planes: unary.image(index, of: count).map { Float($0) }),
        truth: try LabelMap(
          grid: grid, labels: labels.image(index, of: count).map { UInt16($0) }))
      return TuningImage(name: "\(index)", scores: "\(index)", image: nil, truth: "\(index)") { _ in
        sample
      }
    }
  }
}
