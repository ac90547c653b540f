import CKernels
import LatticeSupport
import Unaries

/// Scores that are smooth but where the image has edges: least squares along all lines of the grid.
///
/// Min, Choi, Lu, Ham, Sohn & Do, "Fast global image smoothing based on weighted least squares",
/// TIP 23 (2014): each line minimises Σ (u − f)² + λ Σ w·(u(n) − u(n − 1))² with w = exp(−‖ΔI‖ /
/// σ), which is a tridiagonal system; lines of one axis after the other, some iterations with
/// falling λ. Solved as two recursions whose weights lie in 0…1, so that results stay within the
/// range of the scores and a constant stays one.
public struct Smoother: ScoreFilter {
  /// How λ falls from iteration to iteration.
  public enum Schedule: Sendable, Hashable {
    /// λ·`attenuation`ᵗ, t from 0 on, as OpenCV has it.
    case attenuation(Double)
    /// λ·3/2·4^(T − 1 − t)/(4^T − 1), as the paper has it.
    case paper
  }

  /// λ, above 0.
  public let lambda: Double
  /// σ of colours, in levels.
  public let sigmaColor: Double
  /// T, at least 1.
  public let iterations: Int
  /// How λ falls.
  public let schedule: Schedule

  /// - Parameters:
  ///   - lambda: above 0.
  ///   - sigmaColor: above 0, in levels of the image.
  ///   - iterations: at least 1.
  ///   - schedule: how λ falls; attenuations lie above 0 and up to 1.
  public init(
    lambda: Double, sigmaColor: Double, iterations: Int = 3,
    schedule: Schedule = .attenuation(0.25)
  ) {
    precondition(
      lambda > 0 && lambda.isFinite && sigmaColor > 0 && sigmaColor.isFinite && iterations >= 1,
      "λ = \(lambda), σ = \(sigmaColor), \(iterations) iterations")
    if case .attenuation(let factor) = schedule {
      precondition(factor > 0 && factor <= 1, "an attenuation of \(factor)")
    }
    self.lambda = lambda
    self.sigmaColor = sigmaColor
    self.iterations = iterations
    self.schedule = schedule
  }

  /// What descriptions call it.
  public var name: String {
    let rest =
      switch schedule {
      case .attenuation(let factor): "attenuation=\(factor.shortText)"
      case .paper: "schedule=paper"
      }
    return "smoother:lambda=\(lambda.shortText),color=\(sigmaColor.shortText),"
      + "iterations=\(iterations),\(rest)"
  }

  /// λ of each iteration.
  var lambdas: [Double] {
    switch schedule {
    case .attenuation(let factor):
      return (1..<iterations).reduce(into: [lambda]) { all, _ in
        all.append(all[all.count - 1] * factor)
      }
    case .paper:
      // 4^(T − 1 − t)/(4^T − 1) = ¼·4^(−t)/(1 − 4^(−T)), which does not overflow.
      let quarters = (0...iterations).reduce(into: [Double]()) { all, _ in
        all.append((all.last ?? 4) / 4)
      }
      return (0..<iterations).map { 0.375 * lambda * quarters[$0] / (1 - quarters[iterations]) }
    }
  }

  /// Without edges, what an impulse becomes falls by e every √λ points; beyond seven times that,
  /// with λ the sum of all, there is less than a thousandth of it.
  public var reach: Reach {
    .steps(Int((7 * lambdas.reduce(0, +).squareRoot()).rounded(.up)))
  }
  /// It follows the image.
  public var needsImage: String? { Guide.need }
  /// Lines end at points that are left out.
  public var leavesPointsOut: Bool { true }
  /// Its weights are averages.
  public var keepsDistributions: Bool { true }

  /// The smoothed scores; see `ScoreFilter`.
  ///
  /// - Throws: `InputError` where there is no image.
  /// - Complexity: O(N·L·rank·T).
  public func filter(
    _ scores: consuming ChannelField, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField {
    let guide = try Guide(scene, for: "a smoother")
    let filter = RecursiveFilter(
      grid: guide.grid, links: GridLinks(guide, .distance, parallelism: parallelism))
    var values = scores
    for lambda in lambdas {
      filter.apply(
        to: &values, offset: 0, slope: Float(-1 / sigmaColor), parallelism: parallelism
      ) { forth, back, length, lines in
        ck_smoother_weights(forth, back, lambda, length, lines)
      }
    }
    return values
  }
}

extension RefinementKind {
  /// Least squares along all lines of the grid.
  public static let smoother = RefinementKind(
    name: "smoother", summary: "scores that are smooth but at edges, by least squares along lines",
    settings: [
      Setting(
        "lambda", .number(.above(0)),
        "how much smoothness counts; effects fall by e every √λ pixels",
        default: .number(900)),
      Setting("color", .number(.above(0)), "σ of colours, of 0 to 255", default: .number(8)),
      Setting("iterations", .count(1...100), "rounds over all axes", default: .count(3)),
      Setting(
        "attenuation", .number(.closed(1e-6...1)), "what lambda is multiplied with after a round",
        default: .number(0.25)),
      Setting(
        "schedule", .choice(["attenuation", "paper"]),
        "whether lambda falls by 'attenuation', or as the paper has it",
        default: .choice("attenuation")),
    ], example: "smoother:lambda=900,color=8"
  ) { settings, _ in
    Smoother(
      lambda: settings.number("lambda") ?? 900, sigmaColor: settings.number("color") ?? 8,
      iterations: settings.count("iterations") ?? 3,
      schedule: settings.text("schedule") == "paper"
        ? .paper : .attenuation(settings.number("attenuation") ?? 0.25))
  }
}
