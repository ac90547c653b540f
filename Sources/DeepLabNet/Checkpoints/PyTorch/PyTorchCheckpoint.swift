import Formats
import LatticeSupport
import Unaries

/// A `.pth` file: what `torch.save` writes, since version 1.6 a ZIP archive, before that pickles
/// and raw data.
///
/// Of a training checkpoint, the tensors are those of the model: those in the outermost dictionary
/// if any are there, else those under `state_dict`, `model_state`, `model` or the like, else those
/// under the only key that leads to tensors; or those of the dictionary that is asked for.
/// Dictionaries within are joined by dots, and keys are otherwise left alone. Nothing in the file
/// is ever run: a pickle that names anything but tensors and plain data is refused.
public struct PyTorchCheckpoint: Checkpoint {
  private let table: TensorTable
  /// The keys that lead to the dictionary that was read, joined by dots, such as `state_dict`;
  /// `nil` where it is the whole file.
  public let state: String?
  /// Other dictionaries with weights, which might have been meant: `model_ema`.
  public let otherStates: [String]

  /// Reads the description of all tensors.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - state: the dictionary to read, where a file has several; keys are joined by dots.
  /// - Throws: `InputError` where `path` cannot be read, is damaged, or holds something else than
  ///   tensors.
  public init(_ path: String, state: String? = nil) throws {
    try self.init(StoredBytes(path), state: state)
  }

  package init(_ bytes: StoredBytes, state: String? = nil) throws {
    do {
      let isArchive = FileKind(prefix: try bytes.prefix(FileKind.prefixLength)) == .zip
      let storages: any PyTorchStorages =
        try isArchive ? PyTorchArchive(bytes) : LegacyPyTorchFile(bytes)
      let dictionary = try StateDictionary(storages.root, in: storages.heap, state: state)
      table = try Self.table(of: dictionary, in: storages, bytes)
      self.state = dictionary.path.isEmpty ? nil : dictionary.path
      otherStates = dictionary.others
    } catch let error as InputError {
      throw error.at(bytes.name)
    }
  }

  /// The description of all tensors in a file that need not be a checkpoint: `torch.save` of a
  /// tensor, or of a list or dictionary of some.
  package init(allOf bytes: StoredBytes) throws {
    do {
      let isArchive = FileKind(prefix: try bytes.prefix(FileKind.prefixLength)) == .zip
      let storages: any PyTorchStorages =
        try isArchive ? PyTorchArchive(bytes) : LegacyPyTorchFile(bytes)
      let tensors = try StateDictionary(allOf: storages.root, in: storages.heap)
      table = try Self.table(of: tensors, in: storages, bytes)
      (state, otherStates) = (nil, [])
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
    of dictionary: StateDictionary, in file: any PyTorchStorages, _ bytes: StoredBytes
  ) throws -> TensorTable {
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
