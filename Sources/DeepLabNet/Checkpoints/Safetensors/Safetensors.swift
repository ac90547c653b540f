import Formats
import LatticeSupport
import Unaries

/// Writes `.safetensors` files, tensor by tensor.
public enum Safetensors {
  /// The types that can be written.
  public enum ElementType: Sendable, Hashable {
    /// Four bytes a number, exact.
    case float32
    /// Two bytes a number, rounded to the nearest of 11 significant bits, ties to even; at most
    /// ±65504.
    case float16
  }

  /// A tensor to be written.
  public struct Tensor: Sendable {
    /// The key.
    public var name: String
    /// The sizes, slowest first.
    public var shape: [Int]
    /// How it is stored.
    public var type: ElementType

    /// - Parameters:
    ///   - name: the key.
    ///   - shape: the sizes, slowest first.
    ///   - type: how it is stored.
    public init(_ name: String, shape: [Int], type: ElementType = .float32) {
      self.name = name
      self.shape = shape
      self.type = type
    }
  }

  /// Writes tensors to `path`; the file appears whole or not at all.
  ///
  /// They stand in the order in which the format's own library puts them: wider types first, then
  /// by name.
  /// - Parameters:
  ///   - tensors: what is written; no two of one name.
  ///   - path: the file.
  ///   - metadata: what else the header says, beside the axes' order, which is PyTorch's.
  ///   - values: the values of a tensor, asked for when its turn comes.
  /// - Throws: `InputError` where the file cannot be written or a number does not fit its type, and
  ///   whatever `values` throws.
  /// - Complexity: one tensor and a block of 1 MiB in memory.
  public static func write(
    _ tensors: [Tensor], to path: String, metadata: [String: String] = [:],
    values: (Tensor) throws -> ParameterValues
  ) throws {
    let tensors = tensors.sorted {
      ($1.type.size, $0.name) < ($0.type.size, $1.name)
    }
    let header = try SafetensorsHeader.text(
      of: tensors, metadata: metadata.merging(["format": "pt"]) { given, _ in given })
    try AtomicOutput.write(to: path) { output in
      try output.write(header)
      for tensor in tensors {
        let values = try values(tensor)
        precondition(values.shape == tensor.shape, "\(values.shape) for \(tensor.shape)")
        do {
          try values.write(as: tensor.type.number, to: output)
        } catch let error as InputError {
          throw error.within("tensor \(quoted(tensor.name))").at(path)
        }
      }
    }
  }
}

extension Safetensors.ElementType {
  /// Bytes a number.
  var size: Int { number.size }

  fileprivate var number: NPY.ElementType {
    switch self {
    case .float32: .float32
    case .float16: .float16
    }
  }

  /// What the format calls it.
  var code: String {
    switch self {
    case .float32: "F32"
    case .float16: "F16"
    }
  }
}
