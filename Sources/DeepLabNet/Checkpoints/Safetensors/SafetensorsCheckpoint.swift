import LatticeSupport
import Unaries

/// A `.safetensors` file.
///
/// Its tensors must cover the bytes behind the header without holes or overlaps, as the format
/// demands.
public struct SafetensorsCheckpoint: Checkpoint {
  private let table: TensorTable
  /// What else the header says, by name.
  public let metadata: [String: String]

  /// Reads the header.
  ///
  /// - Throws: `InputError` where `path` cannot be read, or breaks a rule of the format.
  public init(_ path: String) throws {
    try self.init(StoredBytes(path))
  }

  package init(_ bytes: StoredBytes) throws {
    do {
      let header = try SafetensorsHeader(bytes)
      metadata = header.metadata
      table = try Self.table(of: header, in: bytes)
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
    of header: SafetensorsHeader, in bytes: StoredBytes
  ) throws -> TensorTable {
    var table = TensorTable(bytes)
    // In the order of the data, so that what does not follow its predecessor shows.
    var next = 0
    let tensors = header.tensors.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
    for tensor in tensors {
      do {
        guard tensor.begin == next, tensor.end >= tensor.begin else {
          throw misplaced("bytes \(tensor.begin) to \(tensor.end), expected from \(next) on")
        }
        next = tensor.end
        try table.add(tensor.name, layout(of: tensor, dataStart: header.dataStart))
      } catch let error as InputError {
        throw error.within("tensor \(quoted(tensor.name))")
      }
    }
    let available = bytes.count - header.dataStart
    guard next == available else {
      throw misplaced("\(available) bytes of data, but its tensors take \(next)")
    }
    return table
  }

  private static func layout(
    of tensor: SafetensorsHeader.Tensor, dataStart: Int
  ) throws -> TensorLayout {
    guard let number = SafetensorsHeader.numbers[tensor.type] else {
      let known = SafetensorsHeader.numbers.keys.sorted().joined(separator: ", ")
      throw InputError(
        .data, "has the type \(quoted(tensor.type)); \(known) are supported",
        remedy: "save it as F32")
    }
    let (count, byteCount) = try tensorSize(tensor.shape, elementSize: number.size)
    guard byteCount == tensor.end - tensor.begin else {
      throw misplaced(
        "\(tensor.end - tensor.begin) bytes, but its shape and type need \(byteCount)")
    }
    return TensorLayout(
      number: number, shape: tensor.shape, count: count, start: dataStart + tensor.begin)
  }

  private static func misplaced(_ found: String) -> InputError {
    InputError(
      .data, "has \(found)",
      remedy: "the file was cut short or is damaged: save or copy it again")
  }
}
