import Lattice
import LatticeSupport
import MeanField
import Unaries

/// A dense CRF as the last layer of a network: mean field updates whose kernels' weights and
/// compatibility learn with it.
///
/// Zheng et al., "Conditional random fields as recurrent neural networks", ICCV 2015: with scores
/// z, U₀ = z, Q = softmax(Uₜ), Uₜ₊₁ = z − μ·(Ws·S(Q) + Wb·B(Q)), S and B being Gaussians of
/// positions and of positions and colours, normalised afterwards. Its output is U after the last
/// update, scores as its input.
///
/// Inputs: scores, and an image of the same height and width. Gradients by bandwidths are
/// consistent on lattices, and over pairs with the exact filter (`FilteredArithmetic`). Where a
/// filter cannot be made, as without memory, the output is NaN, which training and segmentation
/// refuse.
public struct CRFLayer: Layer {
  /// How it is made.
  public let settings: CRFLayerSettings
  /// L.
  public let labelCount: Int
  /// T.
  public let iterations: Int
  /// What each channel of the image is multiplied by to be in levels of 0…255, up to a shift.
  public let levels: [Float]

  /// - Parameters:
  ///   - settings: how it is made.
  ///   - labelCount: L.
  ///   - iterations: T, at least 0.
  ///   - levels: for each channel of the image, what it is multiplied by to be in levels.
  public init(
    _ settings: CRFLayerSettings, labelCount: Int, iterations: Int, levels: [Float]
  ) {
    precondition(labelCount >= 1 && iterations >= 0, "\(labelCount) labels, T = \(iterations)")
    self.settings = settings
    self.labelCount = labelCount
    self.iterations = iterations
    self.levels = levels
  }

  /// What kind of layer it is.
  public var kind: String { "CRF" }

  /// The image, and for a forward pass of its own the scores.
  public var backwardReads: BackwardReads { .inputs }

  /// Ws, Wb and μ, L × L with a row for the label that receives; and the logarithms of three σ: of
  /// the bilateral kernel's positions and colours, and of the positions alone.
  public var parameters: [ParameterSpecification] {
    let role: ParameterSpecification.Role =
      settings.learns == .network ? .frozenWeight : .refinement
    func matrix(_ name: String, _ diagonal: Double) -> ParameterSpecification {
      let count = labelCount
      return ParameterSpecification(
        name, shape: [count, count], role: role,
        initial: (0..<count * count).map { $0 % (count + 1) == 0 ? Float(diagonal) : 0 },
        rate: settings.rate)
    }
    return [
      matrix("spatial_weights", settings.spatialWeight),
      matrix("bilateral_weights", settings.bilateralWeight), matrix("compatibility", -1),
      ParameterSpecification(
        "log_bandwidths", shape: [3], role: settings.learnsBandwidths ? role : .frozenWeight,
        initial: [settings.bilateralSigma, settings.colorSigma, settings.spatialSigma].map {
          Float(logarithm($0))
        }, rate: settings.rate),
    ]
  }

  /// The scores' shape.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    precondition(inputs.count == 2, "\(kind): \(inputs.count) inputs instead of two")
    let shape = try sameGrid(inputs)
    try check(shape, has: labelCount)
    try check(inputs[1], has: levels.count)
    return shape
  }
}

extension CRFLayer: RecordedLayer {
  private typealias Inference = RecordedInference<FilteredArithmetic>

  /// The updates of each image of a batch; `nil` where a filter could not be made.
  private struct Record: Sendable {
    let inferences: [Inference?]
  }

  /// Computes the output; see `RecordedLayer`.
  public func recordedForward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) -> any Sendable {
    let values = Values(parameters, labelCount)
    let inferences = (0..<output.shape.batch).map { image -> Inference? in
      guard
        let crf = try? crf(
          values, image: inputs[1], number: image, parallelism: parallelism)
      else {
        let count = output.shape.count / output.shape.batch
        (output.base + image * count).update(repeating: .nan, count: count)
        return nil
      }
      let energies = ChannelField(inputs[0], image: image, parallelism: parallelism)
        .negated(parallelism: parallelism)
      let inference = crf.forward(
        energies, UpdateOptions(iterations: iterations, keepsEnergies: true))
      inference.finalEnergies().negated(parallelism: parallelism)
        .write(to: output, image: image, parallelism: parallelism)
      return inference
    }
    return Record(inferences: inferences)
  }

  /// Computes the gradients; see `RecordedLayer`.
  public func backward(
    _ gradient: Tensor, parameters: [ParameterValues], record: any Sendable,
    parallelism: Parallelism
  ) -> LayerGradients {
    guard let record = record as? Record else { preconditionFailure("another layer's record") }
    let values = Values(parameters, labelCount)
    let byScores = Tensor(zeros: gradient.shape)
    var sums = values.zeros
    var wanted: GradientSet = .unary
    if settings.learns != .network { wanted.insert(.weights) }
    if settings.learnsBandwidths { wanted.insert(.bandwidths) }
    for (image, inference) in record.inferences.enumerated() {
      guard let inference else { continue }
      let upstream = ChannelField(gradient, image: image, parallelism: parallelism)
      let found = inference.gradient(ofLogits: upstream, wanted: wanted)
      // Energies are −z.
      found.unary?.negated(parallelism: parallelism)
        .write(to: byScores, image: image, parallelism: parallelism)
      sums.add(found, of: values, inference.crf.terms)
    }
    return LayerGradients(
      inputs: [byScores, nil],
      parameters: zip(self.parameters, sums.parameterValues).map {
        $0.isLearned ? $1 : nil
      })
  }

  private func crf(
    _ values: Values, image: Tensor, number: Int, parallelism: Parallelism
  ) throws -> DifferentiableCRF<FilteredArithmetic> {
    let (shape, channels) = (image.shape, levels.count)
    let grid = try GridShape([shape.height, shape.width])
    let source = image.base + number * grid.count * channels
    let colors = (0..<grid.count * channels).map {
      Double(source[$0]) * Double(levels[$0 % channels])
    }
    let steps = Double(settings.stride)
    let far = values.bandwidth(0) / steps
    return try DifferentiableCRF(
      points: grid.count, labelCount: labelCount,
      terms: [
        LearnedTerm(
          .positions(on: grid, bandwidths: [values.bandwidth(2) / steps]),
          compatibility: .unsymmetric(values.spatialCompatibility), normalization: .after),
        LearnedTerm(
          .bilateral(
            on: grid, image: colors, channels: channels,
            bandwidths: [far, far]
              + [Double](repeating: values.bandwidth(1), count: channels)),
          compatibility: .unsymmetric(values.bilateralCompatibility), normalization: .after),
      ],
      arithmetic: FilteredArithmetic(
        backend: settings.filter.backend, parallelism: parallelism))
  }
}

extension CRFLayerSettings.Filter {
  fileprivate var backend: any FilterBackend {
    switch self {
    case .permutohedral: PermutohedralBackend(.compatible)
    case .accurate: PermutohedralBackend(.accurate)
    case .exact: ExactBackend()
    }
  }
}

/// The numbers of a CRF layer in double, or their gradients.
private struct Values {
  private let count: Int
  private var spatial: [Double]
  private var bilateral: [Double]
  private var compatibility: [Double]
  private var logBandwidths: [Double]

  /// Below it no two points are alike; beyond it all are.
  private static let bandwidths = 0.1...1e5

  init(_ parameters: [ParameterValues], _ labelCount: Int) {
    count = labelCount
    let values = parameters.map { $0.values().map(Double.init) }
    (spatial, bilateral, compatibility, logBandwidths) = (
      values[0], values[1], values[2], values[3]
    )
  }

  var zeros: Values {
    var zeros = self
    zeros.spatial = spatial.map { _ in 0 }
    (zeros.bilateral, zeros.compatibility) = (zeros.spatial, zeros.spatial)
    zeros.logBandwidths = [0, 0, 0]
    return zeros
  }

  func bandwidth(_ index: Int) -> Double {
    let bandwidth = exponential(logBandwidths[index])
    return min(max(bandwidth, Self.bandwidths.lowerBound), Self.bandwidths.upperBound)
  }

  /// μ·Ws.
  var spatialCompatibility: [Double] { product(compatibility, spatial) }
  /// μ·Wb.
  var bilateralCompatibility: [Double] { product(compatibility, bilateral) }

  /// A·B; of transposes where that is said.
  private func product(
    _ a: [Double], _ b: [Double], transposingFirst: Bool = false, transposingSecond: Bool = false
  ) -> [Double] {
    (0..<count * count).map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: count)
      return (0..<count).reduce(0) { sum, k in
        sum + a[transposingFirst ? k * count + row : row * count + k]
          * b[transposingSecond ? column * count + k : k * count + column]
      }
    }
  }

  /// Adds what one image gives: dW = μᵀ·dC, dμ = Σ dC·Wᵀ, and by log σ: Σ σ·dσ over the features
  /// that share it.
  mutating func add(
    _ gradient: CRFGradient<ChannelField>, of values: Values, _ terms: [LearnedTerm]
  ) {
    func add(_ found: [Double], to sum: inout [Double]) {
      for index in sum.indices { sum[index] += found[index] }
    }
    if let first = gradient.terms[0].weights, let second = gradient.terms[1].weights {
      add(product(values.compatibility, first, transposingFirst: true), to: &spatial)
      add(product(values.compatibility, second, transposingFirst: true), to: &bilateral)
      add(product(first, values.spatial, transposingSecond: true), to: &compatibility)
      add(product(second, values.bilateral, transposingSecond: true), to: &compatibility)
    }
    for (index, term) in terms.enumerated() {
      guard let found = gradient.terms[index].bandwidths else { continue }
      for (feature, slope) in found.enumerated() {
        let place = index == 0 ? 2 : feature < 2 ? 0 : 1
        logBandwidths[place] += slope * term.features.bandwidths[feature]
      }
    }
  }

  var parameterValues: [ParameterValues] {
    [spatial, bilateral, compatibility].map {
      ParameterValues(shape: [count, count], values: $0.map { Float($0) })
    } + [ParameterValues(shape: [3], values: logBandwidths.map { Float($0) })]
  }
}
