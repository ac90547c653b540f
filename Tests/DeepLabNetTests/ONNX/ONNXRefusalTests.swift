import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// What cannot be exported is refused before anything is written.
struct ONNXRefusalTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The error for a network that `build` makes; no values are ever asked for.
  private func refusal(build: (inout NetworkBuilder) -> Network.Source) throws -> String {
    struct NoValues: ParameterSource {
      func values(of name: String) throws -> ParameterValues {
        preconditionFailure("values of \(name)")
      }
    }
    var builder = NetworkBuilder()
    let source = build(&builder)
    let text = errorText {
      try ONNXExport.write(
        builder.network(outputs: [("scores", source)]), parameters: NoValues(),
        to: folder.file("net.onnx"), size: .dynamic(exampleHeight: 9, exampleWidth: 9))
    }
    #expect(try folder.contents().isEmpty)
    return text
  }

  @Test func layersWithoutARule() throws {
    struct Negation: Layer {
      var kind: String { "negation" }
      func outputShape(for inputs: [TensorShape]) throws -> TensorShape { inputs[0] }
      func forward(
        _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
        parallelism: Parallelism
      ) {}
    }
    let text = try refusal { $0.add(Negation(), to: .image, named: "odd") }
    #expect(text == "layer odd: a negation has no operator in ONNX; export another network")
  }

  @Test func filesThatProtocolBuffersCannotHold() throws {
    let text = try refusal { builder in
      let wide = Convolution(from: 3, to: 1 << 15, kernelSize: 1)
      let source = builder.add(wide, to: .image, named: "wide")
      return builder.add(
        Convolution(from: 1 << 15, to: 1 << 14, kernelSize: 1), to: source, named: "large")
    }
    #expect(text.contains("an ONNX file holds 2147483647 at most"))
  }

  @Test func switchesThatNothingPutsBack() throws {
    let pool = PoolingGeometry(kernelSize: 2, stride: 2)
    let text = try refusal { $0.add(MaxPoolSwitches(pool), to: .image, named: "switches") }
    #expect(text.hasPrefix("layer switches: pool switches are numbered differently in ONNX"))
  }

  @Test func cropsToMultiples() throws {
    let text = try refusal {
      $0.add(Crop(from: 0, to: .scaled(by: 0.5)), to: .image, named: "crop")
    }
    #expect(text.hasPrefix("layer crop: has a size of 0.5 times its input's"))
  }

  @Test func imagesThatDoNotFit() throws {
    let text = try refusal {
      $0.add(Convolution(from: 3, to: 1, kernelSize: 11), to: .image, named: "large")
    }
    #expect(text.hasPrefix("layer large: its window does not fit"))
  }
}
