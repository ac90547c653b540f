import LatticeSupport
import Unaries

/// A `.caffemodel` file, of either style of layers.
///
/// Tensors are called `layer.weight` and `layer.bias`, further ones `layer.blob2` and so on. Those
/// of a batch normalisation are `layer.running_mean` and `layer.running_var`, divided by the factor
/// that Caffe keeps beside them. The four axes of old models are cut to those that there are: one
/// for a bias, two for the weight of an inner product. Beside these names, `layer/0`, `layer/1` …
/// stand for the blobs as stored.
public struct CaffeCheckpoint: Checkpoint {
  private struct Tensor {
    var blob: CaffeBlob
    var shape: [Int]
    /// What the values are divided by.
    var factor: CaffeBlob?
  }

  /// The tensors, in the order of the layers.
  public private(set) var entries: [CheckpointEntry] = []
  private let bytes: StoredBytes
  /// By both kinds of names.
  private var tensors: [String: Tensor] = [:]

  /// Reads the description of all layers.
  ///
  /// - Throws: `InputError` where `path` cannot be read, or is no Caffe model with learned layers.
  public init(_ path: String) throws {
    try self.init(StoredBytes(path))
  }

  package init(_ bytes: StoredBytes) throws {
    self.bytes = bytes
    do {
      var reader = CaffeModelReader(bytes)
      for layer in try reader.layers() { try add(layer) }
      guard !entries.isEmpty else {
        throw InputError(
          .data, "has no layers with weights in it, so it is no Caffe model",
          remedy: "give the .caffemodel, not the .prototxt or .solverstate")
      }
    } catch let error as InputError {
      throw error.at(bytes.name)
    }
  }

  /// Where the tensors come from: a file's path.
  public var place: String { bytes.name }

  private mutating func add(_ layer: CaffeLayer) throws {
    guard tensors[layer.name + "/0"] == nil else {
      throw InputError(
        .data, "has two layers of the name \(quoted(layer.name)) with weights",
        remedy: "rename one of them")
    }
    for (index, blob) in layer.blobs.enumerated() {
      tensors["\(layer.name)/\(index)"] = Tensor(blob: blob, shape: blob.shape)
    }
    guard layer.type != .batchNormalization else { return try addNormalization(layer) }
    for (index, blob) in layer.blobs.enumerated() {
      let names = ["weight", "bias"]
      let name = index < names.count ? names[index] : "blob\(index)"
      var shape = blob.shape
      if shape.count == 4, shape.starts(with: [1, 1]) {
        if index == 1 { shape = [blob.count] }
        if index == 0, layer.type == .innerProduct { shape = Array(shape.suffix(2)) }
      }
      try add("\(layer.name).\(name)", Tensor(blob: blob, shape: shape))
    }
  }

  /// Sums of means and of variances, and of what each batch counted for.
  private mutating func addNormalization(_ layer: CaffeLayer) throws {
    guard layer.blobs.count == 3, layer.blobs[2].count == 1 else {
      throw InputError(
        .data,
        "its batch normalisation \(quoted(layer.name)) has \(layer.blobs.count) blobs; "
          + "expected are mean, variance and one factor", remedy: "the file is damaged")
    }
    for (blob, name) in zip(layer.blobs, ["running_mean", "running_var"]) {
      try add(
        "\(layer.name).\(name)", Tensor(blob: blob, shape: [blob.count], factor: layer.blobs[2]))
    }
  }

  private mutating func add(_ name: String, _ tensor: Tensor) throws {
    guard tensors.updateValue(tensor, forKey: name) == nil else {
      throw InputError(
        .data, "has two tensors of the name \(quoted(name))", remedy: "rename a layer")
    }
    entries.append(
      CheckpointEntry(name: name, shape: tensor.shape, storedType: tensor.blob.number.rawValue))
  }

  /// The values of one tensor as float32; see `Checkpoint`.
  public func values(of name: String) throws -> ParameterValues {
    guard let tensor = tensors[name] else { throw missingTensor(name, in: entries, at: place) }
    do {
      let result = try values(of: tensor.blob)
      if let factor = tensor.factor {
        // Caffe takes a factor of 0, of a layer that has seen nothing, for statistics of 0.
        let divisor = try values(of: factor)[0]
        for index in 0..<result.count {
          result[index] = divisor == 0 ? 0 : result[index] / divisor
        }
      }
      return ParameterValues(shape: tensor.shape, storage: result)
    } catch let error as InputError {
      throw error.within("tensor \(quoted(name))").at(place)
    }
  }

  /// Numbers that may stand together or in a field each.
  private func values(of blob: CaffeBlob) throws -> AlignedBuffer<Float> {
    let result = try StoredBytes.room(for: blob.count)
    var filled = 0
    var reader = ProtobufReader(bytes)
    try reader.forEachField(in: blob.range) { _, field in
      guard let part = try CaffeModelReader.numbers(in: field, isDouble: blob.isDouble) else {
        return
      }
      // The file may have changed since its layers were read.
      guard part.count <= blob.count - filled else {
        throw ProtobufReader.malformed("more numbers than before")
      }
      try bytes.read(blob.number, count: part.count, at: part.start, into: result.base + filled)
      filled += part.count
    }
    guard filled == blob.count else { throw ProtobufReader.malformed("fewer numbers than before") }
    return result
  }
}
