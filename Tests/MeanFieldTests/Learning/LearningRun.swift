import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// A field made of planes, C × N, and taken apart into them.
protocol PlanarField: LearningField {
  static func from(_ planes: [Double], channels: Int) -> Self
  var doubles: [Double] { get }
}

extension ChannelField: PlanarField {
  static func from(_ planes: [Double], channels: Int) -> ChannelField {
    ChannelField(
      points: planes.count / channels, channels: channels, planes: planes.map { Float($0) })
  }
  var doubles: [Double] { planes().map { Double($0) } }
}

extension DoubleField: PlanarField {
  static func from(_ planes: [Double], channels: Int) -> DoubleField {
    DoubleField(points: planes.count / channels, channels: channels, planes: planes)
  }
  var doubles: [Double] { planes() }
}

/// One run of a gradient case, evaluated by an arithmetic.
struct LearningRun<Arithmetic: LearningArithmetic> where Arithmetic.Field: PlanarField {
  typealias Field = Arithmetic.Field

  let golden: LearningCase
  let run: AnyJSON
  let arithmetic: Arithmetic
  var isImplicit = false
  var recomputes = false

  /// Values and gradients by name.
  func results() throws -> [String: [Double]] {
    let unary = try golden.input("unary")
    let count = unary.shape.count == 4 ? unary.shape[0] : 1
    let labels = Int(golden.json["labels"].number ?? 0)
    let inferences = try (0..<count).map { index in
      try crf(index, of: count, labels: labels).forward(
        .from(unary.image(index, of: count), channels: labels),
        UpdateOptions(
          iterations: Int(run["iterations"].number ?? 0), damping: run["damping"].number ?? 1,
          recomputes: recomputes))
    }
    let (value, upstream) = try loss(inferences.map(\.marginals))
    let gradients = zip(inferences, upstream).map { inference, upstream in
      isImplicit
        ? inference.implicitGradient(of: upstream, tolerance: 1e-14)
        : inference.gradient(of: upstream)
    }
    return report(value, inferences.map(\.marginals), gradients)
  }

  func crf(
    _ index: Int, of count: Int, labels: Int
  ) throws -> DifferentiableCRF<Arithmetic> {
    let grid = try golden.grid()
    let image = try golden.json["inputs"]["image"].string.map { file in
      Self.transposed(try golden.file(file).image(index, of: count), channels: 3)
    }
    let terms = try run["kernels"].elements.map { kernel in
      LearnedTerm(
        try Self.features(kernel, on: grid, image: image, golden),
        compatibility: Self.compatibility(kernel["compat"]),
        normalization: Normalization(rawValue: kernel["normalization"].string ?? "") ?? .symmetric,
        selfTerm: Self.selfTerm(run["self_term"].string))
    }
    return try DifferentiableCRF(
      points: grid.count, labelCount: labels, terms: terms, arithmetic: arithmetic)
  }

  /// Planes to rows, (channels, N) to N × channels.
  static func transposed(_ planes: [Double], channels: Int) -> [Double] {
    let points = planes.count / channels
    return planes.indices.map { planes[$0 % channels * points + $0 / channels] }
  }

  static func features(
    _ kernel: AnyJSON, on grid: GridShape, image: [Double]?, _ golden: LearningCase
  ) throws -> LearnedFeatures {
    let rows = kernel["precision"].elements.map(\.numbers)
    let transform = rows.isEmpty ? nil : rows.flatMap { $0 }
    switch kernel["type"].string {
    case "gaussian":
      return try .positions(on: grid, bandwidths: kernel["sxy"].numbers, transform: transform)
    case "bilateral":
      return try .bilateral(
        on: grid, image: try #require(image), channels: 3,
        bandwidths: kernel["sxy"].numbers + kernel["srgb"].numbers, transform: transform)
    default:
      let array = try golden.file(try #require(kernel["features"].string))
      let sigma = kernel["sigma"].numbers
      return try LearnedFeatures(
        rows: transposed(array.values, channels: array.shape[0]), dimensions: array.shape[0],
        bandwidths: sigma.isEmpty ? [1] : sigma)
    }
  }

  static func compatibility(_ compat: AnyJSON) -> LearnedCompatibility {
    let rows = compat["values"].elements.flatMap(\.numbers)
    switch compat["type"].string {
    case "diagonal": return .diagonal(compat["values"].numbers)
    case "matrix": return .matrix(rows)
    case "matrix_unsymmetric": return .unsymmetric(rows)
    default: return .potts(compat["weight"].number ?? 0)
    }
  }

  static func selfTerm(_ name: String?) -> SelfTerm {
    switch name {
    case "excluded": .excluded
    case "excluded_before_normalization": .excludedBeforeNormalization
    default: .included
    }
  }

  private func loss(_ marginals: [Field]) throws -> (Double, [Field]) {
    let loss = run["loss"]
    let count = marginals.count
    guard loss["type"].string == "linear" else {
      let labels = try golden.input("labels")
      let (value, gradients) = try #require(LearningObjective(loss)).evaluate(
        marginals, (0..<count).map { labels.image($0, of: count).map { UInt16($0) } },
        reduction: LearningObjective.Reduction(loss))
      let sign = loss["sign"].number ?? 1
      return (
        sign * value,
        gradients.map { .from($0.doubles.map { sign * $0 }, channels: $0.channels) }
      )
    }
    let upstream = try golden.input("upstream")
    let value = marginals.indices.reduce(0) { sum, index in
      sum
        + zip(upstream.image(index, of: count), marginals[index].doubles).reduce(0) {
          $0 + $1.0 * $1.1
        }
    }
    return (
      value,
      marginals.indices.map {
        .from(upstream.image($0, of: count), channels: marginals[0].channels)
      }
    )
  }

  private func report(
    _ value: Double, _ marginals: [Field], _ gradients: [CRFGradient<Field>]
  ) -> [String: [Double]] {
    var shared = gradients[0]
    for other in gradients.dropFirst() { shared.addParameters(of: other) }
    var results = [
      "loss": [value], "Q": marginals.flatMap(\.doubles),
      "grad_unary": gradients.flatMap { $0.unary?.doubles ?? [] },
    ]
    let images = gradients.compactMap(\.image)
    // No kernel that compares colours, no gradient by them.
    let size = shared.unary.map { $0.points * 3 } ?? 0
    results["grad_image"] = [Double](repeating: 0, count: size * gradients.count)
    if !images.isEmpty { results["grad_image"] = images.flatMap { Self.planes($0, rows: 3) } }
    for (index, kernel) in run["kernels"].elements.enumerated() {
      let term = shared.terms[index]
      let name = "k\(index).grad_"
      results[name + "compat"] = term.compatibility
      switch kernel["compat"]["type"].string {
      case "diagonal": results[name + "diagonal"] = term.weights
      case "matrix": results[name + "matrix"] = term.weights
      case "potts": results[name + "weight"] = term.weights
      default: break
      }
      results[name + "sigma"] = term.bandwidths
      let sigmas = kernel["sxy"].numbers + kernel["srgb"].numbers + kernel["sigma"].numbers
      if let slopes = term.bandwidths, sigmas.count == slopes.count {
        results[name + "log_sigma"] = zip(slopes, sigmas).map { $0 * $1 }
      }
      results[name + "precision"] = term.transform
      results[name + "features"] = gradients.flatMap { gradient in
        let rows = gradient.terms[index].features ?? []
        return Self.planes(rows, rows: rows.count / (marginals[0].points))
      }
    }
    return results
  }

  /// N × d to d × N.
  private static func planes(_ values: [Double], rows d: Int) -> [Double] {
    let points = values.count / max(1, d)
    return values.indices.map { values[$0 % points * d + $0 / points] }
  }
}

extension LearningObjective {
  /// As cases describe them.
  init?(_ json: AnyJSON) {
    let weights = json["weights"].numbers.isEmpty ? nil : json["weights"].numbers
    switch json["name"].string {
    case "log_likelihood":
      self = .logLikelihood(
        epsilon: json["epsilon"].number ?? 0, over: json["over"].string == "all" ? .all : .labelled)
    case "hamming":
      self = weights.map { .weightedHamming($0) } ?? .hamming(power: json["power"].number ?? 0)
    case "iou": self = .iou(over: json["labels"].string == "all" ? .all : .present)
    case "cross_entropy": self = .crossEntropy(weights: weights)
    case "focal": self = .focal(gamma: json["gamma"].number ?? 0, weights: weights)
    default: return nil
    }
  }
}

extension LearningObjective.Reduction {
  init(_ json: AnyJSON) {
    self = json["reduction"].string == "pooled" ? .pooled : .imageMean
  }
}
