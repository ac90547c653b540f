import Support
import Unaries

/// A `.pth` file: what `torch.save` writes, since version 1.6 a ZIP archive, before that pickles
/// and raw data.
///
/// Of a training checkpoint, the tensors are those of the model: those in the outermost dictionary
/// if any are there, else those under `state_dict`, `model_state`, `model` or the like, else those
/// under the only key that leads to tensors. Dictionaries within are joined by dots, and keys are
/// otherwise left alone. Nothing in the file is ever run: a pickle that names anything but tensors
/// and plain data is refused.
public struct PyTorchCheckpoint: Checkpoint {
  private let table: TensorTable

  /// Reads the description of all tensors.
  ///
  /// - Throws: `InputError` where `path` cannot be read, is damaged, or holds something else than
  ///   tensors.
  public init(_ path: String) throws {
    try self.init(StoredBytes(path))
  }

  package init(_ bytes: StoredBytes) throws {
    do {
      let isArchive = FileKind(prefix: try bytes.prefix(FileKind.prefixLength)) == .zip
      let storages: any PyTorchStorages =
        try isArchive ? PyTorchArchive(bytes) : LegacyPyTorchFile(bytes)
      table = try Self.table(of: storages, in: bytes)
    } catch let error as InputError {
      throw error.at(bytes.name)
    }
  }

  /// Where the tensors come from: a file's path.
  public var place: String { table.bytes.name }

  /// The tensors, in the file's order.
  public var entries: [CheckpointEntry] { table.entries }

  /// The values of one tensor as float32; see `Checkpoint`.
  public func values(of name: String) throws -> ParameterValues { try table.values(of: name) }

  private static func table(
    of file: any PyTorchStorages, in bytes: StoredBytes
  ) throws -> TensorTable {
    let dictionary = try StateDictionary(file.root, in: file.heap)
    var table = TensorTable(bytes)
    for (name, tensor) in dictionary.tensors {
      do {
        try table.add(name, layout(of: tensor, in: file))
      } catch let error as InputError {
        throw error.within("tensor \(quoted(name))")
      }
    }
    return table
  }

  private static func layout(
    of tensor: PickledTensor, in file: any PyTorchStorages
  ) throws -> TensorLayout {
    let storage = file.heap.storages[tensor.storage]
    let range = try file.range(of: storage)
    let size = storage.number.size
    let (count, _) = try tensorSize(tensor.shape, elementSize: size)
    return TensorLayout(
      number: storage.number, isBigEndian: file.isBigEndian, shape: tensor.shape, count: count,
      start: range.lowerBound + (storage.part.lowerBound + tensor.offset) * size,
      strides: tensor.hasGaps ? tensor.strides : nil)
  }
}

/// What is in a file that `torch.save` wrote, in either form.
protocol PyTorchStorages {
  /// The object that was saved.
  var root: PickleValue { get }
  var heap: PickleHeap { get }
  var isBigEndian: Bool { get }
  /// Where the bytes of the whole storage lie.
  ///
  /// - Throws: `InputError` where they are not there, or are not as many as the pickle says.
  func range(of storage: PickledStorage) throws -> Range<Int>
}

extension PickledTensor {
  /// Whether its elements do not simply follow one another.
  fileprivate var hasGaps: Bool {
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      if size == 0 { return false }
      if stride != expected { return true }
      expected *= size
    }
    return false
  }
}
