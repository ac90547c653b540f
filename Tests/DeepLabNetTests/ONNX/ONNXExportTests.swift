import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// What exported files say. That runtimes make the same of them, `Benchmarks/check_onnx` finds out.
struct ONNXExportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func export(
    _ network: Network, parameters: (any ParameterSource)? = nil,
    size: ONNXExport.InputSize = .dynamic(exampleHeight: 9, exampleWidth: 12),
    notes: [String: String] = [:]
  ) throws -> [UInt8] {
    try ONNXExport.write(
      network, parameters: parameters ?? InitialParameters(for: network),
      to: folder.file("net.onnx"), size: size, notes: notes)
    return try folder.bytes(of: "net.onnx")
  }

  private static let small: Network = {
    var builder = NetworkBuilder()
    let convolution = Convolution(
      from: 3, to: 4, kernelSize: .init(rows: 3, columns: 1), stride: 2,
      padding: .init(rows: 1, columns: 0), rate: .init(rows: 1, columns: 2))
    let first = builder.add(convolution, to: .image, named: "conv")
    let dropped = builder.add(Dropout(), to: first, named: "drop")
    let sum = builder.add(Sum(), to: dropped, first, named: "sum")
    let resize = BilinearResize(to: .ofLastInput, corners: .aligned)
    let large = builder.add(resize, to: sum, .image, named: "resize")
    return builder.network(outputs: [("scores", large), ("coarse", dropped)])
  }()

  @Test func layersBecomeOperators() throws {
    let file = try ONNXFile(export(Self.small, notes: ["mean": "1", "divisor": "255"]))
    #expect(file.versions == [8, 17])
    #expect(file.notes == ["mean": "1", "divisor": "255"])
    #expect(
      file.nodes == [
        "Conv(image, conv.weight, conv.bias) → conv.output",
        "Add(conv.output, conv.output) → sum.output",
        "Shape(image) → resize.extent.output",
        "Shape(sum.output) → resize.channels.output",
        "Concat(resize.channels.output, resize.extent.output) → resize.shape.output",
        "Resize(sum.output, , , resize.shape.output) → resize.output",
        "Identity(resize.output) → scores",
        "Identity(conv.output) → coarse",
      ])
    #expect(
      file.attributes["conv"] == [
        "dilations": "[1, 2]", "group": "1", "kernel_shape": "[3, 1]", "pads": "[1, 0, 1, 0]",
        "strides": "[2, 2]",
      ])
    #expect(
      file.attributes["resize"] == [
        "coordinate_transformation_mode": "align_corners", "mode": "linear",
      ])
  }

  @Test func sizesAreFixedOrOpen() throws {
    let open = try ONNXFile(export(Self.small))
    #expect(open.inputs == ["image: images × 3 × image_height × image_width"])
    #expect(open.outputs[1] == "coarse: images × 4 × coarse_height × coarse_width")
    let fixed = try ONNXFile(export(Self.small, size: .fixed(height: 9, width: 12)))
    #expect(fixed.inputs == ["image: 1 × 3 × 9 × 12"])
    #expect(fixed.outputs == ["scores: 1 × 4 × 9 × 12", "coarse: 1 × 4 × 5 × 6"])
  }

  @Test func weightsAreThere() throws {
    let parameters = InitialParameters(for: Self.small, seed: 5)
    let file = try ONNXFile(export(Self.small, parameters: parameters))
    #expect(Set(file.constants.keys) == ["conv.weight", "conv.bias"])
    for (name, specification) in Self.small.parameters {
      let constant = try #require(file.constants[name])
      let values = try parameters.values(of: name).values()
      #expect(constant.shape == specification.shape)
      #expect(constant.bytes == values.flatMap { withUnsafeBytes(of: $0.bitPattern, Array.init) })
    }
  }

  /// As the onnx package for Python serializes the same model.
  @Test func bytesAreThoseOfTheOnnxPackage() throws {
    let parts = [
      "0808" + "120a" + hex("LatticeCRF"),
      "1a" + hex([UInt8(Version.current.utf8.count)]) + hex(Version.current),
      "3aab01"  // The graph.
        + "0a2c" + "0a05" + hex("image") + "0a0b" + hex("half.factor") + "120b"
        + hex("half.output") + "1a04" + hex("half") + "2203" + hex("Mul"),
      "0a1d" + "0a0b" + hex("half.output") + "1201" + hex("y") + "1a01" + hex("y") + "2208"
        + hex("Identity"),
      "1207" + hex("network"),
      "2a15" + "1001" + "420b" + hex("half.factor") + "4a04" + "0000003f",
      "5a1f" + "0a05" + hex("image") + "1216" + "0a14" + "0801" + "1210"
        + "0a020801" + "0a020801" + "0a020802" + "0a020802",
      "621b" + "0a01" + hex("y") + "1216" + "0a14" + "0801" + "1210"
        + "0a020801" + "0a020801" + "0a020802" + "0a020802",
      "42021011", "7206" + "0a01" + hex("a") + "1201" + hex("b"),
    ]
    var builder = NetworkBuilder(inputChannels: 1)
    let half = builder.add(Scale(by: 0.5), to: .image, named: "half")
    let bytes = try export(
      builder.network(outputs: [("y", half)]), size: .fixed(height: 2, width: 2),
      notes: ["a": "b"])
    #expect(hex(bytes) == parts.joined())
  }

  private func hex(_ text: String) -> String { hex(Array(text.utf8)) }

  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test(arguments: NetworkCatalog.all.map(\.name))
  func everyNetworkHasARuleForEachLayer(_ name: String) throws {
    struct NoValues: ParameterSource {
      func values(of name: String) throws -> ParameterValues {
        throw InputError(.data, "no values")
      }
    }
    let entry = try NetworkCatalog.entry(named: name)
    let length = entry.sizes.fitting(129)
    let text = errorText {
      try ONNXExport.write(
        try entry.make(), parameters: NoValues(), to: folder.file("net.onnx"),
        size: .fixed(height: length, width: length), notes: entry.exportNotes)
    }
    // The rules have all been followed when the first values are asked for.
    #expect(text == "no values")
    #expect(try folder.contents().isEmpty)
  }

  @Test(arguments: [PoolingGeometry.Rounding.floor, .ceiling])
  func poolsKeepTheirWindows(_ rounding: PoolingGeometry.Rounding) throws {
    for (size, step) in [(1, 1), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (5, 3), (3, 5)] {
      for border in 0..<size {
        let pool = MaxPool(
          PoolingGeometry(
            kernelSize: .init(size), stride: .init(step), padding: .init(border),
            rounding: rounding))
        var builder = NetworkBuilder(inputChannels: 1)
        let source = builder.add(pool, to: .image, named: "pool")
        let network = builder.network(outputs: [("y", source)])
        let file = try ONNXFile(export(network))
        let pads = try #require(file.attributes["pool"]?["pads"]?.split(separator: /[\[\], ]+/))
        let end = try #require(Int(pads[2]))
        #expect(end < size, "ONNX Runtime refuses such a padding")
        for length in size...20 {
          let shape = TensorShape(height: length, width: length, channels: 1)
          let windows = (length + border + end - size) / step + 1
          #expect(
            try pool.outputShape(for: [shape]).height == windows,
            "\(length) positions, window \(size), stride \(step), padding \(border)")
        }
      }
    }
  }
}
