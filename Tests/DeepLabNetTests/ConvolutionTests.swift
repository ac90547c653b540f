import DeepLabNet
import LatticeSupport
import Testing

@Suite struct ConvolutionTests {
  /// A layer and the size of its input.
  struct Case: Sendable, CustomTestStringConvertible {
    let layer: Convolution
    let height: Int
    let width: Int
    var batch = 1

    var testDescription: String {
      let geometry = layer.geometry
      return "\(batch) × \(height) × \(width): \(layer.inputChannels) → \(layer.outputChannels), "
        + "\(geometry.kernelSize.rows) × \(geometry.kernelSize.columns) by "
        + "\(geometry.stride.rows), padding \(geometry.padding.rows), rate \(geometry.rate.rows), "
        + "\(layer.groups) groups"
    }
  }

  static let cases: [Case] = [
    Case(layer: Convolution(from: 32, to: 64, kernelSize: 1), height: 9, width: 7),
    Case(layer: Convolution(from: 48, to: 21, kernelSize: 1), height: 5, width: 5),
    Case(layer: Convolution(from: 300, to: 33, kernelSize: 1, stride: 2), height: 9, width: 8),
    Case(layer: Convolution(from: 3, to: 32, kernelSize: 3, padding: 1), height: 17, width: 13),
    Case(
      layer: Convolution(from: 3, to: 64, kernelSize: 7, stride: 2, padding: 3), height: 33,
      width: 20),
    Case(layer: Convolution(from: 32, to: 32, kernelSize: 3, padding: 1), height: 1, width: 1),
    Case(
      layer: Convolution(from: 32, to: 48, kernelSize: 3, padding: 1), height: 13, width: 18,
      batch: 2),
    Case(layer: Convolution(from: 64, to: 32, kernelSize: 3), height: 20, width: 11),
    Case(
      layer: Convolution(from: 32, to: 64, kernelSize: 3, padding: 2, rate: 2), height: 21,
      width: 18),
    Case(
      layer: Convolution(from: 80, to: 32, kernelSize: 3, padding: 4, rate: 4, hasBias: false),
      height: 17, width: 33),
    Case(
      layer: Convolution(from: 32, to: 21, kernelSize: 3, padding: 12, rate: 12), height: 9,
      width: 9),
    Case(
      layer: Convolution(from: 32, to: 32, kernelSize: 3, padding: 0, rate: 3), height: 19,
      width: 19),
    Case(
      layer: Convolution(
        from: 24, to: 36, kernelSize: .init(rows: 4, columns: 2),
        stride: .init(rows: 1, columns: 2), padding: .init(rows: 6, columns: 1),
        rate: .init(rows: 4, columns: 3)), height: 15, width: 14),
    Case(
      layer: Convolution(from: 24, to: 12, kernelSize: 3, padding: 1, groups: 3), height: 7,
      width: 8),
    Case(
      layer: Convolution(from: 40, to: 40, kernelSize: 5, stride: 2, padding: 2, groups: 40),
      height: 14, width: 9),
    Case(
      layer: Convolution(from: 67, to: 67, kernelSize: 3, padding: 2, rate: 2, groups: 67),
      height: 11, width: 12, batch: 2),
    Case(
      layer: Convolution(from: 6, to: 12, kernelSize: 3, padding: 1, groups: 6), height: 5,
      width: 6),
  ]

  /// A sum of n products of values in ±1 has partial sums of about √n / 3, and n roundings of them
  /// by 2⁻²⁴: about 2e-8 · n in all, the largest of ten thousand a few times that. Winograd's
  /// transforms have coefficients up to 8, which cost another digit.
  @Test(arguments: cases, ConvolutionAlgorithm.allCases)
  func equalsTheDefinition(_ given: Case, _ algorithm: ConvolutionAlgorithm) throws {
    guard algorithm.applies(to: given.layer) else { return }
    var generator = SeededGenerator(seed: 7)
    func values(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
    }
    let layer = given.layer
    let input = TensorShape(
      batch: given.batch, height: given.height, width: given.width, channels: layer.inputChannels)
    let image = Tensor(input, values: values(input.count))
    let parameters = layer.parameters.map {
      ParameterValues(shape: $0.shape, values: values($0.count))
    }
    let shape = try layer.outputShape(for: [input])
    let residual = Tensor(shape, values: values(shape.count))

    let truth = NaiveConvolution(layer, parameters: parameters).apply(to: image, shape: shape)
    let prepared = PreparedConvolution(
      layer, weight: parameters[0], bias: layer.hasBias ? parameters[1] : nil,
      algorithm: algorithm)
    let plain = Tensor(shape, values: [Float](repeating: .nan, count: shape.count))
    prepared.apply(to: image, into: plain, parallelism: .automatic)
    let clamped = Tensor(shape, values: residual.values())
    prepared.apply(
      to: image, into: clamped,
      epilogue: ConvolutionEpilogue(residual: clamped, range: 0...1), parallelism: .serial)

    let products = Double(layer.parameters[0].count / layer.outputChannels)
    let tolerance = 8e-8 * products * (algorithm == .direct ? 1 : 10) + 1e-6
    for (index, expected) in truth.enumerated() {
      let difference = abs(Double(plain.values(at: index)) - expected)
      #expect(difference <= tolerance, "value \(index) of \(shape)")
      let added = min(max(expected + Double(residual.values(at: index)), 0), 1)
      let addedDifference = abs(Double(clamped.values(at: index)) - added)
      #expect(addedDifference <= tolerance, "value \(index) of \(shape) with a residual")
    }
  }
}

extension Tensor {
  fileprivate func values(at index: Int) -> Float { base[index] }
}
