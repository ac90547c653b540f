import LatticeSupport

/// How much a score depends on each pixel of a network's input, by its gradient.
///
/// The effective receptive field of Luo, Li, Urtasun & Zemel, "Understanding the effective
/// receptive field in deep convolutional neural networks", NIPS 2016, arXiv:1701.04128.
public struct EffectiveField: Sendable {
  /// Rows of the input.
  public let height: Int
  /// Columns of the input.
  public let width: Int
  /// Σ |∂ score / ∂ channel| over the channels of each pixel, row by row.
  public let sensitivities: [Float]
  /// The class whose score is looked at.
  public let label: Int
  /// Where the score stands on the grid of the network's output.
  public let position: (row: Int, column: Int)

  /// - Parameters:
  ///   - network: whose first output is the scores.
  ///   - parameters: its weights.
  ///   - input: one image, preprocessed.
  ///   - row: of the input's pixel whose score is looked at: the nearest one that the network has.
  ///   - column: of the input's pixel.
  ///   - label: the class; `nil` for the likeliest there.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a layer cannot take its inputs or has no gradient, or there is no
  ///   such class.
  public init(
    _ network: Network, parameters: any ParameterSource, input: Tensor, row: Int, column: Int,
    label: Int? = nil, parallelism: Parallelism = .automatic
  ) throws {
    precondition(
      input.shape.batch == 1 && row < input.shape.height && column < input.shape.width,
      "pixel (\(column), \(row)) of \(input.shape)")
    let network = network.withoutDropout
    let graph = TrainingGraph(network, normalization: .frozen, followsImage: true)
    let values = try network.parameters.map { try parameters.values(of: $0.name) }
    let pass = try TrainingPass(
      graph, image: input, parameters: values, dropoutSeed: 0, parallelism: parallelism)
    let scores = pass.outputs[0]
    func place(_ pixel: Int, _ count: Int, _ pixels: Int) -> Int {
      min(count - 1, Int((Double(pixel) + 0.5) * Double(count) / Double(pixels)))
    }
    let position = (
      row: place(row, scores.shape.height, input.shape.height),
      column: place(column, scores.shape.width, input.shape.width)
    )
    let classes = 0..<scores.shape.channels
    func score(_ label: Int) -> Float { scores[0, position.row, position.column, label] }
    let chosen = label ?? classes.max { score($0) < score($1) } ?? 0
    guard classes.contains(chosen) else {
      throw InputError(
        .usage, "there is no class \(chosen): the network scores \(classes.count)",
        remedy: "give a number 0…\(classes.count - 1)")
    }
    var slope = [Float](repeating: 0, count: scores.shape.count)
    slope[(position.row * scores.shape.width + position.column) * classes.count + chosen] = 1
    var slopes: [Tensor?] = network.outputs.map { _ in nil }
    slopes[0] = Tensor(scores.shape, values: slope)
    var none = ParameterGradients(count: values.count)
    let gradient = try pass.backward(from: slopes, addingTo: &none)
    let channels = input.shape.channels
    let found = gradient?.values() ?? [Float](repeating: 0, count: input.shape.count)
    sensitivities = (0..<input.shape.height * input.shape.width).map { pixel in
      (0..<channels).reduce(0) { $0 + abs(found[pixel * channels + $1]) }
    }
    (height, width) = (input.shape.height, input.shape.width)
    self.label = chosen
    self.position = position
  }

  /// The side of a square of as many pixels as matter: those whose sensitivity is above 4.55 % of
  /// the greatest, Luo et al.'s two standard deviations.
  public var side: Double {
    let least = 0.0455 * (sensitivities.max() ?? 0)
    return Double(sensitivities.count { $0 > least }).squareRoot()
  }
}

extension Network {
  /// The network as it is used, in which no value is dropped.
  fileprivate var withoutDropout: Network {
    Network(
      inputChannels: inputChannels,
      nodes: nodes.map { node in
        node.layer is Dropout
          ? Node(name: node.name, layer: Dropout(rate: 0), inputs: node.inputs) : node
      }, outputs: outputs)
  }
}
