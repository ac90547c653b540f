import CMessagePassing
import DeepLabNet
import LatticeSupport

/// The processes that `mpirun` or a scheduler has started together, by an MPI.
///
/// Nothing but this class talks to the MPI, on the thread that made it. Where a process dies, or
/// ends before the others, whoever started them ends the rest: what was saved is kept.
public final class MPIGroup: TrainingGroup {
  /// Which process this is.
  public let rank: Int
  /// How many there are.
  public let count: Int

  /// Joins the others; a process does so once.
  ///
  /// - Parameter library: the path of the library that `Scripts/mpi` makes.
  /// - Throws: `InputError` where it cannot be loaded or used.
  public init(library: String) throws {
    // A name without a slash would be looked for where the system's libraries are.
    let place = library.contains("/") ? library : "./\(library)"
    guard place.withSystemPath({ messages_load($0) }) else {
      throw InputError(
        .data, at: library, "is not a library that processes can train together by",
        remedy: "make it with Scripts/mpi, with the MPI that starts the processes")
    }
    guard messages_begin() == 0 else {
      throw InputError(
        .io, at: library, "has found no other processes, and not itself either",
        remedy: "start the program with the mpirun of the MPI that the library was made with")
    }
    rank = Int(messages_rank())
    count = Int(messages_size())
  }

  /// See `TrainingGroup`.
  public func sum(_ values: UnsafeMutableBufferPointer<Float>) {
    guard let base = values.baseAddress else { return }
    messages_sum_floats(base, values.count)
  }

  /// See `TrainingGroup`.
  public func sum(_ values: UnsafeMutableBufferPointer<Double>) {
    guard let base = values.baseAddress else { return }
    messages_sum_doubles(base, values.count)
  }

  /// Leaves the others, once all have come here; nothing may be asked of the group then.
  public func end() { messages_end() }
}
