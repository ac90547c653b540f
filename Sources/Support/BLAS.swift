import COpenBLAS
import Synchronization

/// Matrix products by OpenBLAS, in row-major order.
package enum BLAS {
  /// output[rows × columns] = scale · output + left[rows × inner] · right[inner × columns].
  ///
  /// The leading dimensions are the distances between rows, in floats.
  package static func multiply(
    rows: Int, columns: Int, inner: Int, left: UnsafePointer<Float>, leftStride: Int,
    right: UnsafePointer<Float>, rightStride: Int, output: UnsafeMutablePointer<Float>,
    outputStride: Int, keeping scale: Float
  ) {
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(rows), blasint(columns), blasint(inner), 1,
      left, blasint(leftStride), right, blasint(rightStride), scale, output, blasint(outputStride))
  }

  /// How many callers hold OpenBLAS to one thread now, and the number of threads to give back.
  private static let threads = Mutex((holders: 0, previous: Int32(1)))

  /// Runs `body` while OpenBLAS uses one thread a call, so that it starts none inside ours.
  package static func heldToOneThread(_ body: () -> Void) {
    threads.withLock { state in
      if state.holders == 0 {
        state.previous = openblas_get_num_threads()
        openblas_set_num_threads(1)
      }
      state.holders += 1
    }
    defer {
      threads.withLock { state in
        state.holders -= 1
        if state.holders == 0 { openblas_set_num_threads(state.previous) }
      }
    }
    body()
  }
}
